// Migrations: run by any number of processes together, all or none, and no process uses a schema it does not know.
import { type Kysely, sql } from 'kysely';
import { afterEach, expect, test } from 'vitest';
import { exampleMigrations } from '../../migrations/example/index.ts';
import { tidegateMigrations } from '../../migrations/tidegate/index.ts';
import { type Database, openDatabase } from '../../store/postgres/database.ts';
import { checkSchema, migrate, type MigrationTrack } from '../../store/postgres/migrate.ts';
import { createTestDatabase } from '../helpers/database.ts';
import { failureOf } from '../helpers/failures.ts';

const opened: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

async function emptyDatabase(): Promise<Database> {
  const created = await createTestDatabase();
  opened.push(() => created.drop());
  return open(created.url);
}

function open(url: string): Database {
  const database = openDatabase(url, { max: 3 });
  opened.push(() => database.close());
  return database;
}

const tablesOf = async (database: Database): Promise<string[]> => {
  const { rows } = await database.pool.query<{ name: string }>(
    `select table_schema || '.' || table_name as name from information_schema.tables
     where table_schema in ('tidegate', 'public') order by 1`,
  );
  return rows.map(({ name }) => name);
};

const all = Object.keys(tidegateMigrations.migrations);
const [first = '', ...later] = all;

const only = (...names: string[]): MigrationTrack => ({
  ...tidegateMigrations,
  migrations: Object.fromEntries(
    Object.entries(tidegateMigrations.migrations).filter(([name]) => names.includes(name)),
  ),
});

test('twenty processes that migrate an empty database concurrently all succeed, and each migration runs once', async () => {
  const { url } = await emptyDatabase();
  const processes = Array.from({ length: 20 }, () => open(url));
  const ran = await Promise.all(processes.map((database) => migrate(database, tidegateMigrations)));
  expect(ran.flat().toSorted()).toEqual(all);
  expect(ran.filter((names) => names.length > 0)).toEqual([all]);
  const [database] = processes as [Database];
  const { rows } = await database.pool.query('select name from tidegate.migration order by name');
  expect(rows).toEqual(all.map((name) => ({ name })));
});

test('a second run changes nothing', async () => {
  const database = await emptyDatabase();
  expect(await migrate(database, tidegateMigrations)).toEqual(all);
  const before = await tablesOf(database);
  expect(await migrate(database, tidegateMigrations)).toEqual([]);
  expect(await tablesOf(database)).toEqual(before);
});

test('a process runs only the missing migrations', async () => {
  const database = await emptyDatabase();
  await migrate(database, only(first));
  expect(await migrate(database, tidegateMigrations)).toEqual(later);
});

test('the two tracks of migrations are recorded separately', async () => {
  const database = await emptyDatabase();
  await migrate(database, tidegateMigrations);
  expect(await migrate(database, exampleMigrations)).toEqual(Object.keys(exampleMigrations.migrations));
  await checkSchema(database, tidegateMigrations);
  await checkSchema(database, exampleMigrations);
});

test('a database that has run an unknown migration is refused as too new', async () => {
  const database = await emptyDatabase();
  await migrate(database, tidegateMigrations);
  const older = only(first);
  for (const attempt of [checkSchema(database, older), migrate(database, older)]) {
    const failure = await failureOf(attempt);
    expect(failure.code).toBe('SCHEMA_TOO_NEW');
    expect(failure.message).toContain(later[0]);
  }
});

test('a database that lacks a migration is out of date, and is accepted after that has run', async () => {
  const database = await emptyDatabase();
  expect((await failureOf(checkSchema(database, tidegateMigrations))).code).toBe('SCHEMA_OUT_OF_DATE');
  await migrate(database, only(first));
  const failure = await failureOf(checkSchema(database, tidegateMigrations));
  expect(failure.code).toBe('SCHEMA_OUT_OF_DATE');
  expect(failure.message).toBe(`migrations are missing from the database: ${later.join(', ')}`);
  await migrate(database, tidegateMigrations);
  await expect(checkSchema(database, tidegateMigrations)).resolves.toBeUndefined();
});

test('a failed migration changes nothing and releases the lock', async () => {
  const database = await emptyDatabase();
  const makes = (table: string) => async (db: Kysely<never>) => {
    await sql`create table public.${sql.id(table)} (id int)`.execute(db);
  };
  const track = (fails: boolean): MigrationTrack => ({
    schema: 'tidegate',
    table: 'trial_migration',
    migrations: {
      '0001-good': { up: makes('good') },
      '0002-bad': {
        up: async (db: Kysely<never>) => {
          await makes('bad')(db);
          if (fails) await sql`select 1 / 0`.execute(db);
        },
      },
    },
  });
  const failure = await failureOf(migrate(database, track(true)));
  expect(failure.code).toBe('MIGRATION_FAILED');
  expect(failure.message).toBe('0002-bad: division by zero');
  expect((await tablesOf(database)).filter((name) => name.startsWith('public.'))).toEqual([]);
  expect(await migrate(database, track(false))).toEqual(['0001-good', '0002-bad']);
  expect(await tablesOf(database)).toEqual(expect.arrayContaining(['public.good', 'public.bad']));
});

test('a migration blocked by another process names its session, and succeeds after that has ended', async () => {
  const database = await emptyDatabase();
  const other = await open(database.url).pool.connect();
  await other.query(`set application_name = 'the other'`);
  await other.query('begin');
  await other.query('select pg_advisory_xact_lock(7237001)');
  const failure = await failureOf(migrate(database, tidegateMigrations, { lockTimeoutMs: 50 }));
  expect(failure.code).toBe('MIGRATION_BLOCKED');
  expect(failure.retryable).toBe(true);
  expect(failure.message).toMatch(
    /^another process is migrating this database; gave up after 0.05 s. Blocked by: session \d+ \(the other, idle in transaction since 2/,
  );
  await other.query('rollback');
  other.release();
  expect(await migrate(database, tidegateMigrations, { lockTimeoutMs: 50 })).toEqual(all);
});

test('a migration blocked by an open transaction names its session, and changes nothing', async () => {
  const database = await emptyDatabase();
  await migrate(database, only(first));
  const reader = await open(database.url).pool.connect();
  await reader.query(`set application_name = 'a report'`);
  await reader.query('begin');
  await reader.query('select from tidegate.model');
  const changing: MigrationTrack = {
    ...tidegateMigrations,
    migrations: {
      ...only(first).migrations,
      '9999-change': {
        up: async (db: Kysely<never>) => {
          await sql`alter table tidegate.model add column changed int`.execute(db);
        },
      },
    },
  };
  const failure = await failureOf(migrate(database, changing, { lockTimeoutMs: 50 }));
  expect(failure.code).toBe('MIGRATION_BLOCKED');
  expect(failure.message).toMatch(
    /^9999-change is waiting for a table that is in use; .*session \d+ \(a report, idle in transaction since/,
  );
  await reader.query('rollback');
  reader.release();
  expect(await migrate(database, changing, { lockTimeoutMs: 50 })).toEqual(['9999-change']);
});

test('a process killed in the middle of a migration changes nothing, and the next one runs all of it', async () => {
  const database = await emptyDatabase();
  const dying: MigrationTrack = {
    ...tidegateMigrations,
    migrations: {
      ...tidegateMigrations.migrations,
      '9999-killed': {
        up: async (db: Kysely<never>) => {
          await sql`select pg_terminate_backend(pg_backend_pid())`.execute(db);
        },
      },
    },
  };
  const failure = await failureOf(migrate(database, dying));
  expect(failure.code).toBe('MIGRATION_FAILED');
  expect(failure.message).toContain('9999-killed');
  expect(await tablesOf(database)).toEqual([]);
  expect(await migrate(database, tidegateMigrations)).toEqual(all);
});

test('migrations do not depend on limits and defaults that the database sets for sessions', async () => {
  const database = await emptyDatabase();
  const name = new URL(database.url).pathname.slice(1);
  for (const setting of [
    'statement_timeout = 25',
    'lock_timeout = 25',
    `default_transaction_isolation = 'serializable'`,
    'default_transaction_read_only = on',
  ])
    await database.pool.query(`alter database ${name} set ${setting}`);
  const processes = Array.from({ length: 3 }, () => open(database.url));
  const ran = await Promise.all(processes.map((process) => migrate(process, tidegateMigrations)));
  expect(ran.filter((names) => names.length > 0)).toEqual([all]);
});
