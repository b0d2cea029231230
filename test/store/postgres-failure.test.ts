// Failures of a real Postgres, its driver and the network, mapped to errors of the error table.
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDatabase } from '../../store/postgres/database.ts';
import { isTemporary, postgresFailure } from '../../store/postgres/postgres-failure.ts';
import { freePort } from '../../cli/local/processes/free-port.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';

let database: MigratedDatabase;
let role: string;

beforeAll(async () => {
  database = await migratedDatabase();
  role = `reader_${new URL(database.url).pathname.slice(-8)}`;
  await database.pool.query(`
    create table billing (user_id bigint primary key, fee numeric(4, 2) not null check (fee >= 0));
    insert into billing values (1, 9.99);
    create role ${role};
    create function refuse() returns int language plpgsql as $$ begin raise exception 'not today'; end $$;
    create materialized view unfilled as select 1 as one with no data`);
});

afterAll(async () => {
  await database.pool.query(`drop role ${role}`);
  await database.drop();
});

const thrownBy = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

/** Returns the error of statements that run one after the other in a transaction that is rolled back. */
async function failureOf(statement: string): Promise<ReturnType<typeof postgresFailure>> {
  const client = await database.pool.connect();
  try {
    await client.query('begin');
    return postgresFailure(await thrownBy(client.query(statement)));
  } finally {
    await client.query('rollback');
    client.release();
  }
}

it.each([
  ['select fees from billing', 'UNKNOWN_COLUMN', 'setup', 'column "fees" does not exist'],
  ['select b.fees from billing b', 'UNKNOWN_COLUMN', 'setup', 'b.fees'],
  ['select 1 from bills', 'UNKNOWN_TABLE', 'setup', '"bills"'],
  ['select 1 from elsewhere.bills', 'UNKNOWN_TABLE', 'setup', 'elsewhere'],
  ['select 1 from tidegate.later', 'SCHEMA_OUT_OF_DATE', 'setup', 'tidegate.later'],
  ['select fee > now() from billing', 'WRONG_COLUMN_TYPE', 'setup', 'numeric > timestamp'],
  ['select coalesce(fee, now()) from billing', 'WRONG_COLUMN_TYPE', 'setup', 'numeric'],
  ['select fee::date from billing', 'WRONG_COLUMN_TYPE', 'setup', 'numeric to date'],
  ["select 'x'::int", 'UNREADABLE_VALUE', 'values', '"x"'],
  ["select '2024-02-30'::date", 'VALUE_OUT_OF_RANGE', 'values', '2024-02-30'],
  ['select 40000::smallint', 'VALUE_OUT_OF_RANGE', 'values', 'smallint out of range'],
  ["select (repeat('9', 400)::numeric)::float8", 'VALUE_OUT_OF_RANGE', 'values', 'double precision'],
  ['select 1 / (user_id - user_id) from billing', 'UNREADABLE_VALUE', 'values', 'division by zero'],
  ['insert into billing values (1, 2)', 'DUPLICATE_ROW', 'values', 'billing'],
  ['insert into billing values (2, null)', 'CONSTRAINT_VIOLATED', 'values', 'fee'],
  ['insert into billing values (2, -1)', 'CONSTRAINT_VIOLATED', 'values', 'billing_fee_check'],
  ['set transaction read only; delete from billing', 'DATABASE_READ_ONLY', 'moment', 'DELETE'],
  ["set local statement_timeout = '20ms'; select pg_sleep(60)", 'DATABASE_TIMEOUT', 'moment', 'timeout'],
  ['selec 1', 'DATABASE_REFUSED', 'setup', 'syntax error'],
  ['select refuse()', 'DATABASE_REFUSED', 'setup', 'not today'],
  ['select no_such_function()', 'DATABASE_REFUSED', 'setup', 'no_such_function'],
  ['select * from unfilled', 'DATABASE_REFUSED', 'setup', 'unfilled'],
  ['execute never_prepared', 'DATABASE_POOLER', 'setup', 'never_prepared'],
] as const)('%s is %s', async (statement, code, blame, words) => {
  const failure = await failureOf(statement);
  expect([failure?.error.code, failure?.blame]).toEqual([code, blame]);
  expect(failure?.error.message).toContain(words);
  expect(failure?.error.message).toMatch(/SQLSTATE \w{5}\)$/);
});

it('a missing privilege is DATABASE_PERMISSION, and the remedy suggests a grant', async () => {
  const failure = await failureOf(`set local role ${role}; select 1 from billing`);
  expect(failure?.error).toMatchObject({ code: 'DATABASE_PERMISSION', retryable: false });
  expect(failure?.error.message).toContain('billing');
  expect(failure?.error.remedy).toContain('Grant');
});

it('a lock timeout and a deadlock are temporary', async () => {
  const holder = await database.pool.connect();
  try {
    await holder.query('begin; lock table billing in access exclusive mode');
    const failure = await failureOf("set local lock_timeout = '20ms'; select 1 from billing");
    expect([failure?.error.code, failure?.blame]).toEqual(['DATABASE_TIMEOUT', 'moment']);
    expect(failure?.error.remedy).toContain('lock');
  } finally {
    await holder.query('rollback');
    holder.release();
  }
  const serialisation = Object.assign(new Error('could not serialize access'), { code: '40001' });
  expect(postgresFailure(serialisation)?.error.code).toBe('DATABASE_CONFLICT');
});

it('the error for a value that COPY refuses names table, line and column', () => {
  const copied = Object.assign(new Error('value "40000" is out of range for type smallint'), {
    code: '22003',
    where: 'COPY loaded, line 3, column fee: "40000"',
  });
  expect(postgresFailure(copied)?.error.message).toContain('COPY loaded, line 3, column fee');
});

describe('while connecting', () => {
  const connecting = async (change: (url: URL) => void): Promise<ReturnType<typeof postgresFailure>> => {
    const url = new URL(database.url);
    change(url);
    const broken = openDatabase(url.href, { max: 1 });
    try {
      return postgresFailure(await thrownBy(broken.pool.query('select 1')));
    } finally {
      await broken.close();
    }
  };

  it('a database that does not exist is DATABASE_MISSING', async () => {
    const failure = await connecting((url) => (url.pathname = '/nowhere'));
    expect([failure?.error.code, failure?.blame]).toEqual(['DATABASE_MISSING', 'setup']);
    expect(failure?.error.message).toContain('nowhere');
  });

  it('a wrong password or user is DATABASE_LOGIN_REFUSED', async () => {
    for (const change of [
      (url: URL) => (url.password = 'wrong'),
      (url: URL) => (url.username = 'nobody_knows_me'),
    ])
      expect((await connecting(change))?.error.code).toBe('DATABASE_LOGIN_REFUSED');
  });

  it('TLS that the server does not support is not temporary', async () => {
    const failure = await connecting((url) => url.searchParams.set('sslmode', 'verify-full'));
    expect([failure?.error.code, failure?.blame]).toEqual(['DATABASE_LOGIN_REFUSED', 'setup']);
    expect(failure?.error.remedy).toContain('sslmode');
  });

  it('a port without a listener is DATABASE_UNREACHABLE, with a message', async () => {
    const port = String(await freePort());
    const failure = await connecting((url) => {
      url.hostname = 'localhost';
      url.port = port;
    });
    expect([failure?.error.code, failure?.blame]).toEqual(['DATABASE_UNREACHABLE', 'moment']);
    expect(failure?.error.message).toMatch(/connect .*ECONNREFUSED/);
  });
});

it('a statement that exceeds the timeout of the driver is temporary', async () => {
  const client = new pg.Client({ connectionString: database.url, query_timeout: 50 });
  client.on('error', () => undefined);
  await client.connect();
  const failure = postgresFailure(await thrownBy(client.query('select pg_sleep(0.5)')));
  await client.end();
  expect([failure?.error.code, failure?.blame]).toEqual(['DATABASE_TIMEOUT', 'moment']);
});

describe('errors of drivers and poolers', () => {
  const coded = (message: string, code?: string): Error => Object.assign(new Error(message), { code });
  it.each([
    [coded('unsupported startup parameter: options', '08P01'), 'DATABASE_POOLER'],
    [coded('prepared statement "a" does not exist', '26000'), 'DATABASE_POOLER'],
    [coded('no such database: churn', '08P01'), 'DATABASE_MISSING'],
    [coded('password authentication failed', '08P01'), 'DATABASE_LOGIN_REFUSED'],
    [coded('query_wait_timeout', '08P01'), 'DATABASE_BUSY'],
    [coded('server conn crashed?', '08P01'), 'DATABASE_UNREACHABLE'],
    [coded('could not extend file: No space left on device', '53100'), 'DATABASE_DISK_FULL'],
    [coded('sorry, too many clients already', '53300'), 'DATABASE_BUSY'],
    [coded('out of memory', '53200'), 'DATABASE_BUSY'],
    [coded('the database system is starting up', '57P03'), 'DATABASE_UNREACHABLE'],
    [coded('terminating connection due to administrator command', '57P01'), 'DATABASE_UNREACHABLE'],
    [coded('database was dropped', '57P04'), 'DATABASE_MISSING'],
    [coded('invalid page in block 7', 'XX001'), 'DATABASE_DAMAGED'],
    [coded('cached plan must not change result type', '0A000'), 'DATABASE_CONFLICT'],
    [coded('timeout exceeded when trying to connect'), 'DATABASE_BUSY'],
    [coded('Connection terminated due to connection timeout'), 'DATABASE_UNREACHABLE'],
    [coded('Connection terminated unexpectedly'), 'DATABASE_UNREACHABLE'],
    [coded('self-signed certificate', 'DEPTH_ZERO_SELF_SIGNED_CERT'), 'DATABASE_LOGIN_REFUSED'],
    [
      Object.assign(coded('connect ENOENT /tmp/.s.PGSQL.5432', 'ENOENT'), { syscall: 'connect' }),
      'DATABASE_UNREACHABLE',
    ],
  ])('%s is %s', (error, code) => {
    const failure = postgresFailure(error);
    expect(failure?.error.code).toBe(code);
    expect(isTemporary(error)).toBe(failure?.error.retryable);
  });

  it.each([
    new TypeError('fetch failed', { cause: coded('connect ECONNREFUSED', 'ECONNREFUSED') }),
    coded("ENOENT: no such file or directory, open 'x.csv'", 'ENOENT'),
    new RangeError('the statement has no text for $1'),
    'a text',
  ])('%s is not a failure of Postgres', (error) => {
    expect(postgresFailure(error)).toBeUndefined();
    expect(isTemporary(error)).toBe(false);
  });
});
