// Migrates a database to the schema that this process expects.
import { type Migration, sql, type Transaction } from 'kysely';
import { TidegateError } from '../../domain/errors.ts';
import { type Database } from './database.ts';
import { type Tables } from './tables.ts';

/** Numbered migrations by name, in the order in which they run. */
export type MigrationSet = Readonly<Record<string, Migration>>;

/**
 * A series of migrations and where it is recorded: that of Tidegate's own tables, or that of the example's source
 * tables.
 */
export interface MigrationTrack {
  readonly schema: string;
  /** Table in `schema` that records which migrations have run. */
  readonly table: string;
  readonly migrations: MigrationSet;
}

/** Options of `migrate`. */
export interface MigrateOptions {
  /**
   * How long to wait for another process that migrates, or for a session that uses a table to be changed. Milliseconds.
   *
   * @default 60,000
   */
  readonly lockTimeoutMs?: number;
}

/** An arbitrary number, the same in every process: migrations of one database run one after the other. */
export const MIGRATION_LOCK = 7_237_001;

const LOCK_NOT_AVAILABLE = '55P03';

/**
 * Runs the missing migrations of a database in one transaction: all or none. Any number of processes may call this at the
 * same time: the first does the work, and the others wait and find it done. If a process dies halfway, the database stays
 * unchanged.
 *
 * Databases from before the first release may have run a later migration before an earlier one. Missing migrations are
 * run in order, even if later ones have already run.
 *
 * @returns the names of the migrations that this call ran
 * @throws TidegateError SCHEMA_TOO_NEW, MIGRATION_BLOCKED, MIGRATION_FAILED
 */
export async function migrate(
  database: Database,
  track: MigrationTrack,
  { lockTimeoutMs = 60_000 }: MigrateOptions = {},
): Promise<string[]> {
  let current: string | undefined;
  try {
    return await database.kysely
      // A migration names columns as the database does, also those of the example's source tables.
      .withoutPlugins()
      .transaction()
      // This must see what another process committed while this one waited, so do not rely on the database's default.
      .setIsolationLevel('read committed')
      .setAccessMode('read write')
      .execute(async (transaction) => {
        await prepare(transaction, track, lockTimeoutMs);
        refuseUnknown(await executedNames(transaction, track), track);
        const ran: string[] = [];
        for (const name of await missingNames(transaction, track)) {
          current = name;
          await track.migrations[name]!.up(transaction);
          await record(transaction, track, name);
          ran.push(name);
        }
        return ran;
      });
  } catch (error) {
    throw await explained(database, error, current, lockTimeoutMs);
  }
}

/** Takes the migration lock and creates the table that records migrations. */
async function prepare(
  transaction: Transaction<Tables>,
  track: MigrationTrack,
  lockTimeoutMs: number,
): Promise<void> {
  await sql`set local lock_timeout = ${sql.lit(lockTimeoutMs)}`.execute(transaction);
  // The role may have a time limit that is meant for queries; a migration may take longer.
  await sql`set local statement_timeout = 0`.execute(transaction);
  await sql`select pg_advisory_xact_lock(${MIGRATION_LOCK})`.execute(transaction);
  const { rows } = await sql<{ exists: boolean }>`
    select to_regnamespace(quote_ident(${track.schema})) is not null as exists`.execute(transaction);
  // "create schema if not exists" would require the privilege to create schemas even if the schema exists.
  if (!rows[0]?.exists) await sql`create schema ${sql.id(track.schema)}`.execute(transaction);
  await sql`
    create table if not exists ${tableOf(track)} (
      name varchar(255) not null primary key,
      timestamp varchar(255) not null
    )`.execute(transaction);
  // Left over from releases that used a table as a lock.
  await sql`drop table if exists ${sql.id(track.schema, `${track.table}_lock`)}`.execute(transaction);
}

const record = (transaction: Transaction<Tables>, track: MigrationTrack, name: string) =>
  sql`insert into ${tableOf(track)} values (${name}, ${new Date().toISOString()})`.execute(transaction);

const tableOf = ({ schema, table }: MigrationTrack) => sql.id(schema, table);

/**
 * Refuses a database whose schema is not the one that this process expects.
 *
 * @throws TidegateError SCHEMA_OUT_OF_DATE if migrations are missing, SCHEMA_TOO_NEW if unknown ones have run
 */
export async function checkSchema({ kysely }: Database, track: MigrationTrack): Promise<void> {
  refuseUnknown(await executedNames(kysely, track), track);
  const missing = await missingNames(kysely, track);
  if (missing.length > 0) {
    throw new TidegateError(
      'SCHEMA_OUT_OF_DATE',
      `migrations are missing from the database: ${missing.join(', ')}`,
    );
  }
}

function refuseUnknown(executed: readonly string[], track: MigrationTrack): void {
  const unknown = executed.filter((name) => !(name in track.migrations));
  if (unknown.length === 0) return;
  throw new TidegateError(
    'SCHEMA_TOO_NEW',
    `the database has run migrations that this process does not know: ${unknown.join(', ')}`,
  );
}

async function missingNames(kysely: Database['kysely'], track: MigrationTrack): Promise<string[]> {
  const executed = new Set(await executedNames(kysely, track));
  return Object.keys(track.migrations).filter((name) => !executed.has(name));
}

/** Names of the migrations that a database has run; empty if it was never migrated. */
async function executedNames(kysely: Database['kysely'], track: MigrationTrack): Promise<string[]> {
  const { rows: found } = await sql<{ exists: boolean }>`
    select to_regclass(${`"${track.schema}"."${track.table}"`}) is not null as exists`.execute(kysely);
  if (!found[0]?.exists) return [];
  const { rows } = await sql<{ name: string }>`select name from ${tableOf(track)} order by name`.execute(
    kysely,
  );
  return rows.map(({ name }) => name);
}

/** Turns an error into one that a person can act on. */
async function explained(
  database: Database,
  error: unknown,
  current: string | undefined,
  lockTimeoutMs: number,
): Promise<unknown> {
  if (error instanceof TidegateError) return error;
  if ((error as { code?: string }).code === LOCK_NOT_AVAILABLE) {
    const what =
      current === undefined
        ? 'another process is migrating this database'
        : `${current} is waiting for a table that is in use`;
    const holders = await sessionsInTheWay(database, current === undefined);
    return new TidegateError(
      'MIGRATION_BLOCKED',
      `${what}; gave up after ${lockTimeoutMs / 1_000} s. Blocked by: ${holders || 'a session that has ended since'}`,
      { cause: error },
    );
  }
  const message = error instanceof Error ? error.message : String(error);
  return new TidegateError('MIGRATION_FAILED', `${current ?? 'the first migration'}: ${message}`, {
    cause: error,
  });
}

/** Describes the sessions that hold the migration lock, or that use a Tidegate table in an open transaction. */
async function sessionsInTheWay({ kysely }: Database, migrating: boolean): Promise<string> {
  const held = migrating
    ? sql`l.locktype = 'advisory' and l.classid = 0 and l.objid = ${MIGRATION_LOCK}`
    : sql`l.relation in (select oid from pg_class where relnamespace = to_regnamespace('tidegate'))`;
  const { rows } = await sql<{ session: string }>`
    select distinct format('session %s (%s, %s since %s)', a.pid, coalesce(nullif(a.application_name, ''), a.usename),
      coalesce(a.state, 'state unknown'), to_char(a.xact_start at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')) as session
    from pg_locks l join pg_stat_activity a on a.pid = l.pid
    where l.granted and a.pid <> pg_backend_pid() and l.database = (select oid from pg_database where datname = current_database())
      and ${held}
    order by 1 limit 5`.execute(kysely);
  return rows.map(({ session }) => session).join(', ');
}
