// Freezing extreme data: many columns, many values, large cells, numbers at the limits of doubles.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { category, instant, numeric } from '../../domain/model/parts/column.ts';
import { view } from '../../domain/model/define-model.ts';
import { type Frame, MISSING_CODE } from '../../domain/data/frame.ts';
import { bucket } from '../../domain/model/derived/conditions.ts';
import { daysSince } from '../../domain/model/derived/instants.ts';
import { ratio } from '../../domain/model/derived/arithmetic.ts';
import { DatasetTable } from '../../store/datasets/dataset-table.ts';
import { freezeWindow } from '../../store/datasets/freeze.ts';
import { chunkRowsFor, joinChunks, planWindowJoin } from '../../store/datasets/join-chunks.ts';
import { readDataset } from '../../store/datasets/read.ts';
import { inSnapshot } from '../../store/postgres/snapshot.ts';
import { applyDefinition } from '../../store/definitions/definitions.ts';
import { eventually } from '../helpers/eventually.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';
import { type SampleModel, sampleModel, type SampleOptions } from '../helpers/sample-model.ts';

let database: MigratedDatabase;

beforeAll(async () => (database = await migratedDatabase()));
afterAll(() => database.drop());

const at = '2024-03-15T12:00:00Z';
const window = { from: new Date('2024-02-29Z'), to: new Date('2024-03-31Z') };

async function applied(name: string, options: SampleOptions = {}): Promise<SampleModel> {
  const model = await sampleModel(database, name, options);
  await applyDefinition(database, model.definition, 'ada');
  return model;
}

async function frozen({ definition }: SampleModel): Promise<Frame> {
  const dataset = await freezeWindow(database, {
    request: definition.name,
    definition,
    definitionVersion: 1,
    window,
  });
  return (await readDataset(database, dataset)).frame;
}

const textsOf = ({ features }: Frame, position: number): (string | undefined)[] => {
  const column = features[position];
  if (column?.kind !== 'category') throw new Error('not a category');
  return Array.from(column.codes, (code) => column.dictionary[code]);
};

test('freezes 10,000 distinct values of a category', async () => {
  const model = await applied('many_values');
  await database.pool.query(`
    insert into many_values.spine select lpad(n::text, 5, '0'), 'eu', '${at}' from generate_series(0, 19999) n;
    insert into many_values.usage select user_id, region, at, null, 1, 'plan ' || user_id::int % 10000
      from many_values.spine;
    create index on many_values.usage (user_id, region, at); analyze many_values.usage`);
  const texts = textsOf(await frozen(model), 1);
  expect(texts).toEqual(Array.from({ length: 20_000 }, (_, n) => `plan ${n % 10_000}`));
});

test('freezes 3,000 columns', async () => {
  const names = (table: number) => Array.from({ length: 1_000 }, (_, n) => `c${table}_${n}`);
  const typeOf = (n: number) => (n % 10 === 3 ? category() : numeric());
  await database.pool.query('create schema wide_tables');
  for (const table of [0, 1, 2]) {
    const columns = names(table).map((name, n) => `${name} ${n % 10 === 3 ? 'text' : 'float8'}`);
    await database.pool.query(
      `create table wide_tables.t${table} (user_id text, region text, at timestamptz, ${columns.join(', ')})`,
    );
    // The third table has no row of b.
    const users = table === 2 ? ['a'] : ['a', 'b'];
    for (const user of users) {
      const values = names(table).map((_, n) =>
        n === 7 ? 'null' : n % 10 === 3 ? `'${user}${n}'` : String(n + table),
      );
      await database.pool.query(
        `insert into wide_tables.t${table} values ('${user}', 'eu', '${at}', ${values.join(', ')})`,
      );
    }
  }
  const model = await applied('wide', {
    model: {
      features: [0, 1, 2].map((table) =>
        view({
          table: `wide_tables.t${table}`,
          timestamp: 'at',
          columns: Object.fromEntries(names(table).map((name, n) => [name, typeOf(n)])),
        }),
      ),
    },
  });
  await model.insert('spine', { user_id: 'a', at }, { user_id: 'b', at });
  const frame = await frozen(model);
  expect(frame.features.map(({ name }) => name)).toEqual([0, 1, 2].flatMap(names));
  frame.features.forEach((column, position) => {
    const [table, n] = [Math.floor(position / 1_000), position % 1_000];
    if (column.kind === 'category') {
      expect(column.dictionary).toEqual(table === 2 ? [`a${n}`] : [`a${n}`, `b${n}`]);
      expect(column.codes).toEqual(Uint32Array.of(0, table === 2 ? MISSING_CODE : 1));
    } else {
      const value = n === 7 ? NaN : n + table;
      expect(column.values).toEqual(Float64Array.of(value, table === 2 ? NaN : value));
    }
  });
});

test('freezes more views than one integer has marks for', async () => {
  const views = Array.from({ length: 21 }, (_, n) => `v${n}`);
  await database.pool.query(
    `create schema many_views_of; ${views
      .map(
        (name, n) =>
          `create table many_views_of.${name} (user_id text, region text, at timestamptz, loaded_at timestamptz, c${n} float8)`,
      )
      .join('; ')}`,
  );
  const late = '2024-03-16T00:00:00Z';
  const model = await applied('many_views', {
    model: {
      features: views.map((name, n) =>
        view({
          table: `many_views_of.${name}`,
          timestamp: 'at',
          columns: { [`c${n}`]: numeric() },
          ...(n % 2 === 1 && { known: 'loaded_at', lag: '0 hours' }),
          ...(n === 19 && { knownSince: '2024-03-17T00:00:00Z' }),
        }),
      ),
    },
  });
  const users = Array.from({ length: 40 }, (_, n) => `u${10 + n}`);
  await model.insert('spine', ...users.map((user_id) => ({ user_id, at })));
  // Each of the last views differs by one user, and their marks are in the second integer.
  const countOf = (n: number): number => (n < 2 || n > 17 ? n + 1 : 0);
  for (const [n, name] of views.entries()) {
    for (const user of users.slice(0, countOf(n))) {
      await database.pool.query(
        `insert into many_views_of.${name} values ('${user}', 'eu', '${at}', '${n === 19 ? late : at}', ${n})`,
      );
    }
  }
  // The last two of these were loaded after the time of the rows.
  await database.pool.query(
    `insert into many_views_of.v17 select user_id, 'eu', '${at}', case when n < 21 then '${at}' else '${late}' end::timestamptz, 17
     from (select user_id, row_number() over (order by user_id) as n from many_views.spine) s where n <= 22`,
  );
  const table = new DatasetTable(model.definition, chunkRowsFor(model.definition));
  const join = await planWindowJoin(database.pool, model.definition, window, '2024-04-01T00:00:00Z');
  await inSnapshot(database, (client) =>
    joinChunks(
      client,
      { join, table },
      () => Promise.resolve(),
      () => undefined,
    ),
  );
  const expected = views.map((_, n) => (n === 17 ? 20 : countOf(n)));
  expect(table.matched).toEqual(expected);
  expect(table.hidden).toEqual(views.map((_, n) => (n === 17 ? 2 : 0)));
  expect(table.backfilled).toEqual(views.map((_, n) => (n === 19 ? 20 : 0)));
});

test('freezes a cell of 1 MB', async () => {
  const model = await applied('large_cell');
  await model.insert('spine', { user_id: 'a', at }, { user_id: 'b', at });
  await model.insert(
    'usage',
    { user_id: 'a', at, plan: 'é'.repeat(500_000) },
    { user_id: 'b', at, plan: 'é' },
  );
  // The category is the first 1,000 characters of a text.
  expect(textsOf(await frozen(model), 1)).toEqual(['é'.repeat(1_000), 'é']);
});

test('keeps infinities, and reads NaN of Postgres as missing', async () => {
  const model = await applied('not_finite');
  const odd = ['Infinity', '-Infinity', 'NaN'];
  await model.insert('spine', ...odd.map((_, n) => ({ user_id: `${n}`, at })));
  await model.insert('usage', ...odd.map((hours, n) => ({ user_id: `${n}`, at, hours })));
  expect((await frozen(model)).features[0]).toMatchObject({
    values: Float64Array.of(Infinity, -Infinity, NaN),
  });
});

test('rounds a numeric beyond 2^53 to the nearest double', async () => {
  const model = await applied('beyond');
  await database.pool.query('alter table beyond.usage alter column hours type numeric');
  await model.insert('spine', { user_id: 'a', at }, { user_id: 'b', at });
  await database.pool.query(`insert into beyond.usage values
    ('a', 'eu', '${at}', null, 9007199254740993, null), ('b', 'eu', '${at}', null, 123456789012345678901234567890.5, null)`);
  // The nearest doubles; a number halfway between two becomes the even one.
  expect((await frozen(model)).features[0]).toMatchObject({
    values: Float64Array.of(9_007_199_254_740_992, 123_456_789_012_345_680_000_000_000_000),
  });
});

test('freezes derived columns, and not the columns that only they read', async () => {
  const model = await sampleModel(database, 'derived', {
    view: {
      columns: { hours: numeric(), plan: category(), loaded_at: instant() },
    },
    model: {
      derived: {
        age: daysSince('loaded_at'),
        half: ratio('hours', 'age'),
        band: bucket('hours', [2]),
      },
    },
  });
  await applyDefinition(database, model.definition, 'ada');
  await model.insert('spine', { user_id: 'a', at }, { user_id: 'b', at }, { user_id: 'c', at });
  await model.insert(
    'usage',
    { user_id: 'a', at, hours: 1, plan: 'x', loaded_at: '2024-03-13T12:00:00Z' },
    { user_id: 'b', at, hours: 3, plan: 'y', loaded_at: '2024-03-14T12:00:00Z' },
  );
  const frame = await frozen(model);
  expect(frame.features).toEqual([
    { kind: 'numeric', name: 'hours', values: Float64Array.of(1, 3, NaN) },
    { kind: 'category', name: 'plan', codes: Uint32Array.of(0, 1, MISSING_CODE), dictionary: ['x', 'y'] },
    { kind: 'numeric', name: 'age', values: Float64Array.of(2, 1, NaN) },
    { kind: 'numeric', name: 'half', values: Float64Array.of(0.5, 3, NaN) },
    { kind: 'category', name: 'band', codes: Uint32Array.of(0, 1, MISSING_CODE), dictionary: ['< 2', '≥ 2'] },
  ]);
});

test('cancels the statement on the server, after reporting that Postgres is still joining', async () => {
  const model = await applied('cancelled');
  await model.insert('spine', { user_id: 'a', at });
  await database.pool.query(`
    create table cancelled.slow as select * from cancelled.usage;
    drop table cancelled.usage;
    create view cancelled.usage as select slow.* from cancelled.slow, pg_sleep(600) union all
      select 'a', 'eu', '${at}', null, 1, pg_sleep(600)::text`);
  const abort = new AbortController();
  const progress: number[] = [];
  const freezing = freezeWindow(database, {
    request: 'cancelled',
    definition: model.definition,
    definitionVersion: 1,
    window,
    onProgress: (rows) => progress.push(rows),
    signal: abort.signal,
  });
  const isRejected = expect(freezing).rejects.toThrow('no longer wanted');
  await eventually(() => expect(progress).toContain(0), { within: 30_000 });
  abort.abort(new Error('no longer wanted'));
  await isRejected;
  await eventually(async () => {
    const { rows } = await database.pool.query(
      `select from pg_stat_activity where query like 'copy (%' and state = 'active' and datname = current_database()`,
    );
    expect(rows).toHaveLength(0);
  });
  const { rows } = await database.pool.query(`select from tidegate.dataset where model = 'cancelled'`);
  expect(rows).toEqual([]);
});
