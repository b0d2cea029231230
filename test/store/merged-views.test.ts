// Views that Node merges give the same rows, to the bit, as views that Postgres joins.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { category, instant, numeric } from '../../domain/model/parts/column.ts';
import { parseDefinition } from '../../domain/model/define-model.ts';
import { type ModelDefinition } from '../../domain/model/definition.ts';
import { type Window } from '../../domain/model/window.ts';
import { type MergeLimits } from '../../store/join/merge/choose-merged-views.ts';
import { digestName, digestOfDataset } from '../../store/datasets/chunk-digests.ts';
import { DatasetTable } from '../../store/datasets/dataset-table.ts';
import { joinChunks, planWindowJoin, type WindowJoin } from '../../store/datasets/join-chunks.ts';
import { inSnapshot } from '../../store/postgres/snapshot.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';

let database: MigratedDatabase;

beforeAll(async () => (database = await migratedDatabase()));
afterAll(() => database.drop());

const ALWAYS: MergeLimits = { minRows: 0, lookUpCost: Infinity, maxBytes: Infinity };
const NEVER: MergeLimits = { ...ALWAYS, minRows: Infinity };

const start = Date.parse('2024-02-29T23:55:00Z');
const minuteAt = (minutes: number): string => new Date(start + minutes * 60_000).toISOString();
const window: Window = { from: new Date(minuteAt(-1)), to: new Date(minuteAt(12)) };

interface Joined {
  readonly digest: string;
  readonly rows: number;
  readonly matched: readonly number[];
  readonly hidden: readonly number[];
  readonly backfilled: readonly number[];
}

async function planned(definition: ModelDefinition, limits: MergeLimits, of = window): Promise<WindowJoin> {
  return planWindowJoin(database.pool, definition, of, '2024-04-01T00:00:00Z', limits);
}

async function joined(definition: ModelDefinition, limits: MergeLimits, of = window): Promise<Joined> {
  // Chunks of four rows, so that a window has several.
  const table = new DatasetTable(definition, 4);
  const digests: string[] = [];
  const join = await planned(definition, limits, of);
  await inSnapshot(database, (client) =>
    joinChunks(
      client,
      { join, table },
      () => Promise.resolve(),
      (chunks) => digests.push(...chunks.map(digestName)),
    ),
  );
  const { rows, matched, hidden, backfilled } = table;
  return { digest: digestOfDataset(table, digests), rows, matched, hidden, backfilled };
}

/** Expects the same rows from both, and that the given views were merged. */
async function expectSame(
  definition: ModelDefinition,
  merged: readonly number[],
  of = window,
): Promise<Joined> {
  const join = await planned(definition, ALWAYS, of);
  expect((join.merge?.views ?? []).map(({ index }) => index)).toEqual(merged);
  const byPostgres = await joined(definition, NEVER, of);
  expect(await joined(definition, ALWAYS, of)).toEqual(byPostgres);
  return byPostgres;
}

/** Types of keys, each with two values. */
const keyTypes = [
  ['text', 'text', "o'clock", '__proto__'],
  ['text', 'varchar(20)', '"quoted"', '👩‍👩‍👧'],
  ['uuid', 'uuid', '5f0b4a2c-0000-4000-8000-000000000001', '5f0b4a2c-0000-4000-8000-000000000002'],
  ['smallint', 'bigint', '1', '11'],
  ['integer', 'smallint', '-1', '1'],
  ['bigint', 'integer', '1', '11'],
  ['bigint', 'bigint', '9007199254740992', '9007199254740993'],
  ['date', 'date', '2024-02-29', '2024-03-01'],
  ['timestamptz', 'timestamptz', '2024-10-27 00:30:00+00', '2024-10-27 01:30:00+00'],
  ['timestamp', 'timestamp', '2024-10-27 00:30:00', '2024-10-27 00:30:00.000001'],
  ['numeric(40, 2)', 'numeric', '9007199254740993.50', '9007199254740993.25'],
  ['boolean', 'boolean', 'false', 'true'],
  ['bytea', 'bytea', '\\x00ff', '\\x00fe'],
] as const;

let made = 0;

interface Bounds {
  readonly ttl: number | null;
  readonly lag: number | null;
  readonly since: number | null;
}

/** A model with a view by both keys of the entity, and one by the second key in a column of another name. */
async function modelOf(spine: string, view: string): Promise<(bounds: Bounds) => ModelDefinition> {
  made += 1;
  const schema = `merge_${made}`;
  await database.pool.query(`
    create schema ${schema};
    create table ${schema}.spine (k ${spine}, region text, at timestamptz);
    create table ${schema}.usage (k ${view}, region varchar(9), at timestamptz, loaded_at timestamptz, hours float8, plan text, since date);
    create table ${schema}.regional (area text, at timestamp, level int);
    create table ${schema}.outcome (k ${spine}, region text, at timestamptz, gone boolean)`);
  return ({ ttl, lag, since }) =>
    parseDefinition({
      name: schema,
      entity: { name: 'thing', keys: ['k', 'region'] },
      rows: { table: `${schema}.spine`, timestamp: 'at' },
      features: [
        {
          table: `${schema}.usage`,
          timestamp: 'at',
          columns: { hours: numeric(), plan: category(), since: instant() },
          ...(ttl !== null && { ttl: `${ttl} minutes` }),
          ...(lag !== null && { known: 'loaded_at', lag: `${lag} minutes` }),
          ...(lag !== null && since !== null && { knownSince: minuteAt(since) }),
        },
        {
          table: `${schema}.regional`,
          timestamp: 'at',
          keys: { region: 'area' },
          columns: { level: numeric() },
          ...(ttl !== null && { ttl: `${ttl} minutes` }),
        },
      ],
      label: { table: `${schema}.outcome`, column: 'gone', timestamp: 'at' },
      monitor: { every: '1 month', window: '1 month' },
      training: { trainer: 'logistic-regression', window: '1 month' },
      promotion: {},
    });
}

const insert = (table: string, rows: readonly object[]): Promise<unknown> =>
  database.pool.query(`insert into ${table} select * from jsonb_populate_recordset(null::${table}, $1)`, [
    JSON.stringify(rows),
  ]);

/** Few minutes, so that histories have many ties and instants that are exactly at a bound. */
const minute = fc.integer({ min: 0, max: 9 });
const moment = fc.oneof(
  { weight: 12, arbitrary: minute.map(minuteAt) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('-infinity', 'infinity', '0001-01-01T00:00:00Z', '9999-12-31T00:00:00Z'),
  },
);

const historyOf = (keys: readonly [string, string]) => {
  const key = fc.record({ k: fc.constantFrom(...keys), region: fc.constantFrom('1', '11') });
  return fc.record({
    spine: fc.uniqueArray(
      fc.tuple(key, minute).map(([of, at]) => ({ ...of, at: minuteAt(at) })),
      { minLength: 1, maxLength: 24, size: 'max', selector: (row) => JSON.stringify(row) },
    ),
    usage: fc.array(
      fc.record({
        k: fc.option(fc.constantFrom(...keys), { freq: 9 }),
        region: fc.option(fc.constantFrom('1', '11'), { freq: 9 }),
        at: fc.option(moment, { freq: 15 }),
        loaded_at: fc.option(moment, { freq: 9 }),
        hours: fc.option(fc.constantFrom(-1.5, 0, 7e-10, 'NaN', 'Infinity')),
        plan: fc.option(fc.constantFrom('a', 'b', 'Ä')),
        since: fc.option(fc.constantFrom('2024-02-29', '5874897-12-31')),
      }),
      { maxLength: 120, size: 'max' },
    ),
    regional: fc.array(
      fc.record({
        area: fc.constantFrom('1', '11', null),
        at: moment,
        level: fc.option(fc.constantFrom(1, 2)),
      }),
      { maxLength: 24, size: 'max' },
    ),
    bounds: fc.record({
      ttl: fc.option(fc.integer({ min: 0, max: 4 })),
      lag: fc.option(fc.integer({ min: 0, max: 3 })),
      since: fc.option(minute),
    }),
  });
};

describe('random histories', () => {
  test.each(keyTypes)('with keys of type %s and %s', { timeout: 60_000 }, async (spine, view, one, other) => {
    const definitionOf = await modelOf(spine, view);
    const { name } = definitionOf({ ttl: null, lag: null, since: null });
    await fc.assert(
      fc.asyncProperty(historyOf([one, other]), async (history) => {
        await database.pool.query(`truncate ${name}.spine, ${name}.usage, ${name}.regional`);
        await insert(`${name}.spine`, history.spine);
        await insert(`${name}.usage`, history.usage);
        await insert(`${name}.regional`, history.regional);
        const definition = definitionOf(history.bounds);
        const byPostgres = await joined(definition, NEVER);
        expect(byPostgres.rows).toBe(history.spine.length);
        expect(await joined(definition, ALWAYS)).toEqual(byPostgres);
      }),
      { numRuns: Number(process.env['TIDEGATE_FUZZ_RUNS'] ?? 10) },
    );
  });
});

describe('the bounds of a view', () => {
  const load = async (
    bounds: Bounds,
    rows: readonly {
      readonly at: string | null;
      readonly loaded_at?: string | null;
      readonly hours: number;
    }[],
    spine = 9,
  ): Promise<ModelDefinition> => {
    const definition = (await modelOf('bigint', 'bigint'))(bounds);
    await insert(`${definition.name}.spine`, [{ k: '1', region: 'eu', at: minuteAt(spine) }]);
    await insert(
      `${definition.name}.usage`,
      rows.map((row) => ({ k: '1', region: 'eu', ...row })),
    );
    return definition;
  };

  test.each([
    ['exactly as old as the ttl', minuteAt(4), 1],
    ['a microsecond older than the ttl', minuteAt(3).replace('00.000Z', '59.999999Z'), 0],
  ])('a row that is %s', async (_, at, matched) => {
    const definition = await load({ ttl: 5, lag: null, since: null }, [{ at, hours: 1 }]);
    expect((await expectSame(definition, [0, 1])).matched).toEqual([matched, 0]);
  });

  test('a row that became known exactly when the lag ended is used', async () => {
    const definition = await load({ ttl: null, lag: 2, since: null }, [
      { at: minuteAt(1), loaded_at: minuteAt(11), hours: 1 },
    ]);
    expect(await expectSame(definition, [0, 1])).toMatchObject({ matched: [1, 0], hidden: [0, 0] });
  });

  test('a row that became known exactly at knownSince does not count as known', async () => {
    const definition = await load({ ttl: null, lag: 0, since: 10 }, [
      { at: minuteAt(1), loaded_at: minuteAt(10), hours: 1 },
    ]);
    expect(await expectSame(definition, [0, 1])).toMatchObject({ matched: [0, 0], hidden: [1, 0] });
  });

  test('a row that became known before knownSince is backfilled', async () => {
    const definition = await load({ ttl: null, lag: 0, since: 11 }, [
      { at: minuteAt(1), loaded_at: minuteAt(10), hours: 1 },
    ]);
    expect(await expectSame(definition, [0, 1])).toMatchObject({ matched: [1, 0], backfilled: [1, 0] });
  });

  test('an entity with very many rows of which the newest are not known yet', async () => {
    const rows = Array.from({ length: 1_000 }, (_, n) => ({
      at: new Date(start + n * 100).toISOString(),
      loaded_at: n === 300 ? minuteAt(1) : minuteAt(20),
      hours: n,
    }));
    const definition = await load({ ttl: null, lag: 0, since: null }, rows.toReversed());
    expect(await expectSame(definition, [0, 1])).toMatchObject({ matched: [1, 0], hidden: [0, 0] });
  });

  test('a null key belongs to no entity, not even to one whose key is null', async () => {
    const definition = await load({ ttl: null, lag: null, since: null }, [{ at: minuteAt(1), hours: 1 }]);
    const nobody = { k: null, region: null, at: minuteAt(2) };
    await insert(`${definition.name}.spine`, [nobody]);
    await insert(`${definition.name}.usage`, [nobody]);
    await insert(`${definition.name}.regional`, [{ area: null, at: minuteAt(2), level: 1 }]);
    expect((await expectSame(definition, [0, 1])).matched).toEqual([1, 0]);
  });

  test('rows of the year 1 that Postgres tells apart are joined by Postgres', async () => {
    const definition = await load({ ttl: null, lag: null, since: null }, [
      { at: '0001-01-02T00:00:00Z', hours: 1 },
      { at: '0001-01-01T00:00:00Z', hours: 2 },
    ]);
    expect((await expectSame(definition, [0, 1])).matched).toEqual([1, 0]);
  });
});

describe('a view is left to Postgres', () => {
  const definitionWith = async (
    changes: object,
    keys: readonly [string, string] = ['bigint', 'bigint'],
  ): Promise<ModelDefinition> => {
    const definition = (await modelOf(...keys))({ ttl: null, lag: null, since: null });
    const [usage, regional] = definition.features;
    await insert(`${definition.name}.spine`, [{ k: '1', region: 'eu', at: minuteAt(9) }]);
    return { ...definition, features: [{ ...usage!, ...changes }, regional!] };
  };

  test('if its ttl is in calendar months', async () => {
    await expectSame(await definitionWith({ ttl: '1 month' }), [1]);
  });

  test('if its keys have another type than those of the entity', async () => {
    await expectSame(await definitionWith({}, ['numeric', 'bigint']), [1]);
  });

  test('if texts with different bytes can be equal keys', async () => {
    await database.pool.query(
      `create collation folded (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`,
    );
    const definition = await definitionWith({}, ['text', 'text collate folded']);
    await insert(`${definition.name}.usage`, [{ k: '1', region: 'eu', at: minuteAt(1), hours: 1 }]);
    expect((await expectSame(definition, [1])).matched).toEqual([1, 0]);
  });

  test('if the window has too few rows for it', async () => {
    const join = await planned(await definitionWith({}), { ...ALWAYS, minRows: 1_000_000 });
    expect(join.merge).toBeUndefined();
  });
});
