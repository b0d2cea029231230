// Session settings: applied regardless of the settings of server, database and role, and checked before a session is used.
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { migrateAll } from '../../cli/shared/connections.ts';
import { checkReachable, openClient, openDatabase } from '../../store/postgres/database.ts';
import { planSession, Sessions } from '../../store/postgres/session.ts';
import { failureOf } from '../helpers/failures.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';

let database: MigratedDatabase;

beforeAll(async () => {
  database = await migratedDatabase({}, [
    `timezone = 'Asia/Tokyo'`,
    `datestyle = 'German, DMY'`,
    `search_path = 'nowhere'`,
    `extra_float_digits = -10`,
    `array_nulls = off`,
  ]);
  await database.pool.query(
    'create schema crm; create table crm.users (id int); create table public.flights (id int)',
  );
});
afterAll(() => database.drop());

const LOOK = `select current_setting('TimeZone') as zone, '2024-03-10'::timestamp::timestamptz as at, (1::float8 / 3)::text as third,
  '{null}'::text[] as nothing, to_regclass('flights') is not null as flights, to_regclass('users') is not null as users`;
const RIGHT = {
  zone: 'UTC',
  at: new Date('2024-03-10Z'),
  third: '0.3333333333333333',
  nothing: [null],
  flights: true,
  users: false,
};

it('settings of the database affect no connection, neither of the pool nor outside it', async () => {
  expect((await database.pool.query(LOOK)).rows).toEqual([RIGHT]);
  const client = await openClient(database);
  expect((await client.query(LOOK)).rows).toEqual([RIGHT]);
  await client.end();
  expect(database.sessions.kind).toBe('direct');
});

const opened = async <T>(
  options: string,
  use: (other: ReturnType<typeof openDatabase>) => Promise<T>,
): Promise<T> => {
  const url = new URL(database.url);
  url.searchParams.set('options', options);
  const other = openDatabase(url.href);
  try {
    return await use(other);
  } finally {
    await other.close();
  }
};

it('the URL can set the search_path but not the time zone', async () => {
  const rows = await opened(
    '-c search_path=crm,public -c TimeZone=Asia/Tokyo',
    async ({ pool }) => (await pool.query<object>(LOOK)).rows,
  );
  expect(rows).toEqual([{ ...RIGHT, users: true }]);
});

it.each([
  ['-c no_such_setting=1', /unrecognized configuration parameter/],
  ['-c statement_timeout=soon', /invalid value/],
  ['-c shared_buffers=1MB', /cannot be changed/],
])('an invalid option is refused with the reason: %s', async (options, words) => {
  const error = await failureOf(opened(options, checkReachable));
  expect([error.code, error.retryable]).toEqual(['BAD_CONFIG', false]);
  expect(error.message).toMatch(words);
});

it('a connection is refused if its settings do not take effect', async () => {
  const { url, settings } = planSession(database.url);
  const [one, other] = [new pg.Client({ connectionString: url }), new pg.Client({ connectionString: url })];
  await Promise.all([one.connect(), other.connect()]);
  let asked = 0;
  // A pooler that reports the process id of one session but runs statements in another.
  const passedOn = {
    processID: (one as pg.Client & { processID: number }).processID,
    query: (...call: Parameters<typeof one.query>) => ((asked += 1) === 1 ? one : other).query(...call),
  };
  const { code, message } = await failureOf(
    new Sessions({}, settings).prepare(passedOn as unknown as pg.Client),
  );
  expect(code).toBe('DATABASE_SESSION');
  expect(message).toBe('search_path is "nowhere" after it was set to "public"');
  await Promise.all([one.end(), other.end()]);
});

it('the error of a failed connection names host and database, and the reason', async () => {
  const url = new URL(database.url);
  url.pathname = '/nowhere';
  const other = openDatabase(url.href);
  const { code, message } = await failureOf(checkReachable(other));
  await other.close();
  expect(code).toBe('DATABASE_MISSING');
  expect(message).toMatch(/^Postgres at 127\.0\.0\.1:\d+\/nowhere: /);
  expect(message).not.toContain(url.password);
});

it.each(['LATIN1', 'SQL_ASCII'])(
  'a database with the encoding %s is refused before anything is created in it',
  async (encoding) => {
    const name = `${new URL(database.url).pathname.slice(1)}_${encoding.toLowerCase()}`;
    await database.pool.query(
      `create database ${name} encoding '${encoding}' locale 'C' locale_provider libc template template0`,
    );
    const url = new URL(database.url);
    url.pathname = `/${name}`;
    const { code, message } = await failureOf(migrateAll(url.href, { example: false }));
    expect([code, message]).toEqual(['DATABASE_ENCODING', expect.stringContaining(encoding)]);
    const other = openDatabase(url.href);
    expect((await other.pool.query(`select to_regnamespace('tidegate') as made`)).rows).toEqual([
      { made: null },
    ]);
    await other.close();
    await database.pool.query(`drop database ${name}`);
  },
);
