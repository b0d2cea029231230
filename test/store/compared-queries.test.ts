// Queries that a user gives for comparison: each must be one statement, and can never write anything.
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { referenceOfTable } from '../../domain/drift/tables/compare-tables.ts';
import { profileTableQuery } from '../../store/profiles/profile-query.ts';
import { openTableQuery } from '../../store/profiles/query-source.ts';
import { readTable } from '../../store/profiles/read-table.ts';
import { type TidegateError } from '../../domain/errors.ts';
import { failureOf } from '../helpers/failures.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';

let database: MigratedDatabase;
const written = join(tmpdir(), `tidegate-written-${process.pid}`);

beforeAll(async () => {
  database = await migratedDatabase();
  await database.pool.query(`
    create table public.victim as select 7 as x;
    create sequence public.numbers;
    create function public.emptied() returns int language plpgsql as $$ begin delete from public.victim; return 1; end $$`);
});
afterAll(() => database.drop());

const read = async (sql: string): Promise<number> =>
  (await readTable(await openTableQuery(database.url, sql, 'a'))).rows;

/** Profiles a query as `--no-multivariate` does. */
async function count(sql: string, kind: 'numeric' | 'category'): Promise<unknown> {
  const value = kind === 'numeric' ? '7 as x' : `'a'::text as x`;
  const reference = await readTable(
    await openTableQuery(database.url, `select ${value} from generate_series(1, 20)`, 'b'),
  );
  return profileTableQuery({ url: database.url, sql, name: 'a' }, referenceOfTable(reference), new Set());
}

it.each([
  'select 1 as x; commit; drop table victim; begin',
  'select 1 as x; drop table victim',
  'select 1 as x; ; drop table victim;',
  'select 1 as x) as c limit 0; commit; drop table victim; select * from (select 1 as x',
  `select 1 as x) as c) to program 'touch ${written}' --`,
  `select 1 as x) as c) to program 'touch ${written}'; select * from (select 1 as x`,
  `select 1 as x) as c) to '${written}' with (header false`,
  'select 1 as x) union all (select 2 as x',
  'select 1 as x /*',
  `select 1 as x, 'a`,
  'select 1 as x, $a$',
  'commit',
  'rollback',
  'set transaction read write',
  'set session characteristics as transaction read write',
  'drop table victim',
  'truncate victim',
  'delete from victim returning x',
  'with gone as (delete from victim returning x) select x from gone',
  'select x into copied from victim',
  'select x from victim for update',
  `copy victim to program 'touch ${written}'`,
  `copy (select 1) to '${written}'`,
  'do $$ begin drop table victim; end $$',
  'lock table victim',
  'vacuum victim',
  'listen tidegate',
  'prepare a as select 1',
  'explain select 1 as x',
  '',
  '-- nothing',
  `select set_config('transaction_read_only', 'off', false)::text as x`,
  `select nextval('numbers') as x`,
  `select setval('numbers', 9) as x`,
  'select emptied() as x',
])('refuses %s', async (sql) => {
  expect((await failureOf(read(sql))).code).toBe('UNREADABLE_TABLE');
  // Undefined: the column has the other kind, so the query is read row by row instead, which refuses it.
  for (const kind of ['numeric', 'category'] as const)
    expect(await count(sql, kind).catch((error: unknown) => (error as TidegateError).code)).toBeOneOf([
      'UNREADABLE_TABLE',
      undefined,
    ]);
  const { rows } = await database.pool.query(
    `select (select count(*)::int from victim) as victims, to_regclass('copied') as copied, (select last_value::int from numbers) as number`,
  );
  expect(rows).toEqual([{ victims: 1, copied: null, number: 1 }]);
  expect(existsSync(written)).toBe(false);
});

it.each([
  'select x from victim;',
  'select x from victim -- ; drop table victim',
  "select x from victim where 'a;b' <> ';' /* ; commit */ ; ",
  'table victim',
  'values (7)',
  'with one as (select x from victim) select x from one order by x limit 1',
  '(select x from victim) union all (select 2 where false)',
])('reads %s', async (sql) => {
  expect(await read(sql)).toBe(1);
  expect(
    await count(sql.replace('values (7)', 'select * from (values (7)) as v (x)'), 'numeric'),
  ).toMatchObject({
    profile: { rows: 1 },
  });
});

it('undoes session settings that a query makes', async () => {
  expect(await read(`select set_config('search_path', 'nowhere', false) as x`)).toBe(1);
  expect(await read('select x from victim')).toBe(1);
});

it('reports an unreachable or malformed address, and not a refused query', async () => {
  const { code, message } = await failureOf(
    openTableQuery('postgres://nobody@127.0.0.1:1/none', 'select 1 as x', 'January'),
  );
  expect([code, message]).toEqual(['DATABASE_UNREACHABLE', expect.stringMatching(/^January: /)]);
  expect((await failureOf(openTableQuery('no address', 'select 1', 'January'))).code).toBe('BAD_CONFIG');
});
