// Brings a database to the schema that this process knows.
import { type Migration, sql, type Transaction } from 'kysely';
import { TidegateError } from '../../domain/errors.ts';
import { type Database } from './database.ts';
import { type Tables } from './tables.ts';

/** Numbered migrations by name, in the order in which they run. */
export type MigrationSet = Readonly<Record<string, Migration>>;

/** A history of migrations: Tidegate's own, or that of the example's source tables. */
export interface MigrationTrack {
  readonly schema: string;
  /** Table, in `schema`, that records which migrations ran. */
  readonly table: string;
  readonly migrations: MigrationSet;
}

/** Settings of one call. */
export interface MigrateOptions {
  /**
   * How long to wait for another migration, or for a session that uses a table that is to be changed.
   *
   * @default 60,000
   */
  readonly lockTimeoutMs?: number;
}

// Any number, the same in every process: migrations of one database run one after the other.
const MIGRATION_LOCK = 7_237_001;

const LOCK_NOT_AVAILABLE = '55P03';

/**
 * Runs the migrations that a database has not seen, in one transaction: all or none. Any number of processes may call it
 * at once: the first does the work and the others find it done. A process that dies in the middle leaves the database as
 * it was.
 *
 * Databases from before the first release may have run a later migration before an earlier one; what is missing is run
 * in order, whatever ran before it.
 *
 * @returns the names of the migrations that ran here
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
      .transaction()
      // What another process committed while this one waited must be seen, whatever the database's default is.
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

/** Takes the lock, and makes the table of what ran. */
async function prepare(
  transaction: Transaction<Tables>,
  track: MigrationTrack,
  lockTimeoutMs: number,
): Promise<void> {
  await sql`set local lock_timeout = ${sql.lit(lockTimeoutMs)}`.execute(transaction);
  // A limit that a role has for its queries is not meant for migrations.
  await sql`set local statement_timeout = 0`.execute(transaction);
  await sql`select pg_advisory_xact_lock(${MIGRATION_LOCK})`.execute(transaction);
  const { rows } = await sql<{ exists: boolean }>`
    select to_regnamespace(quote_ident(${track.schema})) is not null as exists`.execute(transaction);
  // "If not exists" asks for the right to create schemas even when there is nothing to create.
  if (!rows[0]?.exists) await sql`create schema ${sql.id(track.schema)}`.execute(transaction);
  await sql`
    create table if not exists ${tableOf(track)} (
      name varchar(255) not null primary key,
      timestamp varchar(255) not null
    )`.execute(transaction);
  // Left by releases that kept a lock in a table.
  await sql`drop table if exists ${sql.id(track.schema, `${track.table}_lock`)}`.execute(transaction);
}

const record = (transaction: Transaction<Tables>, track: MigrationTrack, name: string) =>
  sql`insert into ${tableOf(track)} values (${name}, ${new Date().toISOString()})`.execute(transaction);

const tableOf = ({ schema, table }: MigrationTrack) => sql.id(schema, table);

/**
 * Refuses a database that this process does not fit.
 *
 * @throws TidegateError SCHEMA_OUT_OF_DATE when migrations are missing, SCHEMA_TOO_NEW when it holds unknown ones
 */
export async function checkSchema({ kysely }: Database, track: MigrationTrack): Promise<void> {
  refuseUnknown(await executedNames(kysely, track), track);
  const missing = await missingNames(kysely, track);
  if (missing.length > 0) {
    throw new TidegateError('SCHEMA_OUT_OF_DATE', `the database lacks the migrations ${missing.join(', ')}`);
  }
}

function refuseUnknown(executed: readonly string[], track: MigrationTrack): void {
  const unknown = executed.filter((name) => !(name in track.migrations));
  if (unknown.length === 0) return;
  throw new TidegateError(
    'SCHEMA_TOO_NEW',
    `the database holds migrations that this process does not know: ${unknown.join(', ')}`,
  );
}

async function missingNames(kysely: Database['kysely'], track: MigrationTrack): Promise<string[]> {
  const executed = new Set(await executedNames(kysely, track));
  return Object.keys(track.migrations).filter((name) => !executed.has(name));
}

/** Names of the migrations that a database has run; none if it was never migrated. */
async function executedNames(kysely: Database['kysely'], track: MigrationTrack): Promise<string[]> {
  const { rows: found } = await sql<{ exists: boolean }>`
    select to_regclass(${`"${track.schema}"."${track.table}"`}) is not null as exists`.execute(kysely);
  if (!found[0]?.exists) return [];
  const { rows } = await sql<{ name: string }>`select name from ${tableOf(track)} order by name`.execute(
    kysely,
  );
  return rows.map(({ name }) => name);
}

/** The error as a person can act on it. */
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
        ? 'another process migrates this database'
        : `${current} waits for a table in use`;
    const holders = await sessionsInTheWay(database, current === undefined);
    return new TidegateError(
      'MIGRATION_BLOCKED',
      `${what}, and did not end within ${lockTimeoutMs / 1_000} s: ${holders || 'it has ended since'}`,
      { cause: error },
    );
  }
  const message = error instanceof Error ? error.message : String(error);
  return new TidegateError('MIGRATION_FAILED', `${current ?? 'the first migration'}: ${message}`, {
    cause: error,
  });
}

/** Sessions that hold the lock of migrations, or that have used a table of Tidegate's in a transaction that is open. */
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
