// Brings a database to the schema that this process knows.
import { type Migration, type MigrationResult, Migrator } from 'kysely';
import { type Database } from './database.ts';
import { TidegateError } from '../domain/errors.ts';

/** Numbered migrations in order, by name. */
export type MigrationSet = Readonly<Record<string, Migration>>;

/** A history of migrations: Tidegate's own, or that of the example's source tables. */
export interface MigrationTrack {
  readonly schema: string;
  /** Table, in `schema`, that holds which migrations ran. */
  readonly table: string;
  readonly migrations: MigrationSet;
}

// Any number, the same in every process: migrations of one database run one after the other.
const MIGRATION_LOCK = 7_237_001;

function migratorOf(database: Database, track: MigrationTrack): Migrator {
  return new Migrator({
    db: database.kysely,
    provider: { getMigrations: async () => ({ ...track.migrations }) },
    migrationTableSchema: track.schema,
    migrationTableName: track.table,
    migrationLockTableName: `${track.table}_lock`,
  });
}

/**
 * Runs the migrations that a database has not seen, all or none of each. Any number of processes may call it
 * at once: the first does the work and the others find it done.
 *
 * @returns the names of the migrations that ran here
 * @throws TidegateError SCHEMA_TOO_NEW, MIGRATION_FAILED
 */
export async function migrate(database: Database, track: MigrationTrack): Promise<string[]> {
  const lock = await database.pool.connect();
  try {
    await lock.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await lock.query(`create schema if not exists "${track.schema}"`);
    await refuseNewer(database, track);
    const { error, results } = await migratorOf(database, track).migrateToLatest();
    if (error !== undefined) throw failed(error, results);
    return (results ?? [])
      .filter(({ status }) => status === 'Success')
      .map(({ migrationName }) => migrationName);
  } finally {
    await lock.query('select pg_advisory_unlock($1)', [MIGRATION_LOCK]).catch(() => undefined);
    lock.release();
  }
}

/**
 * Refuses a database that this process does not fit.
 *
 * @throws TidegateError SCHEMA_OUT_OF_DATE when migrations are missing, SCHEMA_TOO_NEW when it holds unknown ones
 */
export async function checkSchema(database: Database, track: MigrationTrack): Promise<void> {
  await refuseNewer(database, track);
  const done = await executedNames(database, track);
  const missing = Object.keys(track.migrations).filter((name) => !done.includes(name));
  if (missing.length > 0) {
    throw new TidegateError('SCHEMA_OUT_OF_DATE', `the database lacks the migrations ${missing.join(', ')}`);
  }
}

async function refuseNewer(database: Database, track: MigrationTrack): Promise<void> {
  const unknown = (await executedNames(database, track)).filter((name) => !(name in track.migrations));
  if (unknown.length > 0) {
    throw new TidegateError(
      'SCHEMA_TOO_NEW',
      `the database holds migrations that this process does not know: ${unknown.join(', ')}`,
    );
  }
}

async function executedNames(database: Database, track: MigrationTrack): Promise<string[]> {
  const table = `"${track.schema}"."${track.table}"`;
  const found = await database.pool.query<{ exists: boolean }>(
    'select to_regclass($1) is not null as exists',
    [table],
  );
  if (!found.rows[0]?.exists) return [];
  const { rows } = await database.pool.query<{ name: string }>(`select name from ${table} order by name`);
  return rows.map(({ name }) => name);
}

function failed(error: unknown, results: MigrationResult[] | undefined): TidegateError {
  const at = results?.find(({ status }) => status === 'Error')?.migrationName ?? 'the first migration';
  const message = error instanceof Error ? error.message : String(error);
  return new TidegateError('MIGRATION_FAILED', `${at}: ${message}`, { cause: error });
}
