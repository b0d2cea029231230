// Keys of every supported Postgres type, views keyed by other columns, and keys whose types do not match.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { numeric } from '../../domain/model/parts/column.ts';
import { holdoutPolicy, parseDefinition } from '../../domain/model/define-model.ts';
import { type ModelDefinition } from '../../domain/model/definition.ts';
import { applyDefinition } from '../../store/definitions/definitions.ts';
import { columnsOf } from '../../store/definitions/source-catalog.ts';
import { sourceNotes } from '../../store/definitions/source-notes.ts';
import { windowSql } from '../../store/join/window-sql.ts';
import { failureOf } from '../helpers/failures.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';

let database: MigratedDatabase;

beforeAll(async () => (database = await migratedDatabase()));
afterAll(() => database.drop());

const at = '2024-03-15T12:00:00Z';
let made = 0;

/** A model keyed by one column, with one type in the rows table and another in the view. */
async function keyedBy(spine: string, view: string, keys?: Record<string, string>): Promise<ModelDefinition> {
  made += 1;
  const schema = `keys_${made}`;
  await database.pool.query(`
    create schema ${schema};
    create table ${schema}.spine (k ${spine}, at timestamptz);
    create table ${schema}.usage (${keys?.['k'] ?? 'k'} ${view}, at timestamptz, hours float8);
    create table ${schema}.outcome (k ${spine}, at timestamptz, gone boolean)`);
  return parseDefinition({
    name: schema,
    entity: { name: 'thing', keys: ['k'] },
    rows: { table: `${schema}.spine`, timestamp: 'at' },
    features: [
      { table: `${schema}.usage`, timestamp: 'at', columns: { hours: numeric() }, ...(keys && { keys }) },
    ],
    label: { table: `${schema}.outcome`, column: 'gone', timestamp: 'at' },
    monitor: { every: '1 month', window: '1 month' },
    training: { trainer: 'logistic-regression', window: '1 month' },
    promotion: {},
  });
}

const joined = async (definition: ModelDefinition): Promise<unknown[]> => {
  const { rows } = await database.pool.query<{ entity_key: string; hours: number | null }>(
    windowSql(definition, holdoutPolicy(definition)),
    ['2000-01-01Z', '2100-01-01Z', '2100-01-01Z'],
  );
  return rows.map(({ entity_key, hours }) => [JSON.parse(entity_key) as unknown, hours]);
};

const cases: (readonly [spine: string, view: string, one: string, other: string])[] = [
  ['text', 'text', "o'clock", '__proto__'],
  ['text', 'varchar(20)', '"quoted"', '👩‍👩‍👧'],
  ['uuid', 'uuid', '5f0b4a2c-0000-4000-8000-000000000001', '5f0b4a2c-0000-4000-8000-000000000002'],
  ['smallint', 'bigint', '1', '11'],
  ['integer', 'smallint', '-1', '1'],
  ['bigint', 'integer', '1', '11'],
  ['bigint', 'bigint', '9007199254740992', '9007199254740993'],
  ['date', 'date', '2024-02-29', '2024-03-01'],
  ['numeric(40, 2)', 'numeric', '9007199254740993.25', '9007199254740993.50'],
  ['boolean', 'boolean', 'false', 'true'],
];

test.each(cases)(
  'a key of type %s in the rows table matches %s in the view: %s and %s',
  async (spine, view, one, other) => {
    const definition = await keyedBy(spine, view);
    await applyDefinition(database, definition, 'ada');
    for (const [key, hours] of [
      [one, 1],
      [other, 2],
    ]) {
      await database.pool.query(`insert into ${definition.rows.table} values ($1, '${at}')`, [key]);
      await database.pool.query(`insert into ${definition.name}.usage values ($1, '${at}', $2)`, [
        key,
        hours,
      ]);
    }
    const rows = await joined(definition);
    expect(rows).toHaveLength(2);
    expect(rows).toContainEqual([[one], 1]);
    expect(rows).toContainEqual([[other], 2]);
  },
);

test('a view may have another column name for the key, and that column must exist', async () => {
  const definition = await keyedBy('bigint', 'bigint', { k: 'thing_ref' });
  await applyDefinition(database, definition, 'ada');
  await database.pool.query(`
    insert into ${definition.name}.spine values (1, '${at}'), (11, '${at}');
    insert into ${definition.name}.usage values (1, '${at}', 7)`);
  expect(await joined(definition)).toEqual([
    [['1'], 7],
    [['11'], null],
  ]);
  await database.pool.query(`alter table ${definition.name}.usage rename thing_ref to k`);
  const failure = await failureOf(applyDefinition(database, definition, 'ada'));
  expect(failure.code).toBe('UNKNOWN_COLUMN');
  expect(failure.message).toContain('has no column thing_ref');
});

test.each([
  ['text', 'bigint', 'usage.k is bigint, but the key k is text in'],
  ['uuid', 'text', 'usage.k is text, but the key k is uuid in'],
  ['bigint', 'numeric', 'usage.k is numeric, but the key k is bigint in'],
  ['double precision', 'double precision', 'spine.k is double precision, and a key is one of smallint,'],
  ['jsonb', 'jsonb', 'spine.k is jsonb, and a key is one of'],
])('refuses a key of type %s in the rows table and %s in the view', async (spine, view, problem) => {
  const failure = await failureOf(applyDefinition(database, await keyedBy(spine, view), 'ada'));
  expect(failure.code).toBe('WRONG_COLUMN_TYPE');
  expect(failure.message).toContain(problem);
  expect(failure.remedy).toMatch(/^Give the key one type in all tables/);
});

test('treats a domain over a domain as its base type: as a feature, as a key and as a number with a scale', async () => {
  await database.pool.query(`
    create domain positive as numeric(10, 2) check (value > 0);
    create domain price as positive check (value < 1000);
    create domain list_price as price;
    create type shade as enum ('light', 'dark');
    create domain paint as shade;
    create domain wall_paint as paint;
    create domain row_number as bigint;
    create domain user_row as row_number;
    create table domains_beneath (
      fee list_price, colour wall_paint, id user_row, many positive[], plain numeric);
    create domain prices as positive[];
    create domain all_prices as prices;
    alter table domains_beneath add listed all_prices`);
  const columns = await columnsOf(database.pool, 'public.domains_beneath');
  expect(Object.fromEntries(columns!)).toEqual({
    fee: { type: 'numeric', exactType: 'numeric', domain: 'list_price', hasScale: true },
    colour: { type: 'text', exactType: 'shade', domain: 'wall_paint', hasScale: true },
    id: { type: 'bigint', exactType: 'bigint', domain: 'user_row', hasScale: true },
    many: { type: 'positive[]', exactType: 'positive[]', domain: null, hasScale: true },
    plain: { type: 'numeric', exactType: 'numeric', domain: null, hasScale: false },
    listed: { type: 'positive[]', exactType: 'positive[]', domain: 'all_prices', hasScale: true },
  });
  await applyDefinition(database, await keyedBy('user_row', 'integer'), 'ada');
  const enumerated = await failureOf(
    applyDefinition(database, await keyedBy('wall_paint', 'wall_paint'), 'ada'),
  );
  expect(enumerated.code).toBe('WRONG_COLUMN_TYPE');
  expect(enumerated.message).toContain(
    'spine.k is the domain wall_paint over the enumeration shade, which Postgres cannot compare, so it cannot be a key',
  );
  const listed = await failureOf(applyDefinition(database, await keyedBy('all_prices', 'all_prices'), 'ada'));
  expect(listed.message).toContain('spine.k is positive[], and a key is one of smallint,');
});

test('accepts an enumeration as a key only if all tables use the same one, and a domain as its base type', async () => {
  await database.pool.query(`
    create type colour as enum ('red', 'blue');
    create type size as enum ('red', 'blue');
    create domain user_number as bigint check (value > 0)`);
  await applyDefinition(database, await keyedBy('colour', 'colour'), 'ada');
  await applyDefinition(database, await keyedBy('user_number', 'integer'), 'ada');
  const failure = await failureOf(applyDefinition(database, await keyedBy('colour', 'size'), 'ada'));
  expect(failure.message).toContain('usage.k is size, but the key k is colour in');
});

const keyNotes = async (definition: ModelDefinition) =>
  (await sourceNotes(database, definition)).filter(({ about }) => about === 'key');

test('warns of a numeric key without a scale, because 1.0 and 1.00 have different texts', async () => {
  const loose = await keyNotes(await keyedBy('numeric', 'numeric'));
  expect(loose).toMatchObject([{ about: 'key', isWarning: true }]);
  expect(await keyNotes(await keyedBy('numeric(10, 0)', 'numeric'))).toEqual([]);
});
