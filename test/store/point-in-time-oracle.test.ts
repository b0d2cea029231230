// The point-in-time join agrees with a naive one in TypeScript, for random histories and with every plan.
import { afterAll, beforeAll, expect, test } from 'vitest';
import fc from 'fast-check';
import { category, numeric } from '../../domain/model/parts/column.ts';
import { view } from '../../domain/model/define-model.ts';
import { type ModelDefinition } from '../../domain/model/definition.ts';
import { holdoutPolicy } from '../../domain/model/define-model.ts';
import { instantSql } from '../../store/join/instant-sql.ts';
import { type JoinPlan } from '../../store/join/join-plan.ts';
import { windowSql } from '../../store/join/window-sql.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';
import { type JoinedRow, sampleDefinition, type SampleModel, sampleModel } from '../helpers/sample-model.ts';

let database: MigratedDatabase;
let tables: SampleModel;

beforeAll(async () => {
  database = await migratedDatabase();
  tables = await sampleModel(database, 'random');
  await database.pool.query('create table random.regional (area text, at timestamptz, level float8)');
});
afterAll(() => database.drop());

/** Minutes after `start`: only a few, so that histories have many ties. */
const minute = fc.integer({ min: 0, max: 9 });
const start = Date.parse('2024-02-29T23:55:00Z');
const instant = (minutes: number): string => new Date(start + minutes * 60_000).toISOString();

const key = fc.record({ user_id: fc.constantFrom('1', '11', ''), region: fc.constantFrom('1', '11') });

interface Key {
  readonly user_id: string;
  readonly region: string;
}
interface Value extends Key {
  readonly at: number;
  readonly known: number;
  readonly hours: number | null;
  readonly plan: string | null;
}
interface Bounds {
  readonly ttl: number | null;
  readonly lag: number | null;
  readonly since: number | null;
}

const value: fc.Arbitrary<Value> = fc
  .tuple(
    key,
    fc.record({
      at: minute,
      known: minute,
      hours: fc.option(fc.constantFrom(-1.5, 0, 7e-10)),
      plan: fc.option(fc.constantFrom('a', 'b')),
    }),
  )
  .map(([of, rest]) => ({ ...of, ...rest }));
/** Rows of a view that is keyed only by the region, in a column with another name. */
interface Level {
  readonly region: string;
  readonly at: number;
  readonly level: number | null;
}
const level: fc.Arbitrary<Level> = fc.record({
  region: fc.constantFrom('1', '11'),
  at: minute,
  level: fc.option(fc.constantFrom(1, 2)),
});
const bounds: fc.Arbitrary<Bounds> = fc.record({
  ttl: fc.option(fc.integer({ min: 0, max: 4 })),
  lag: fc.option(fc.integer({ min: 0, max: 3 })),
  since: fc.option(minute),
});
const history = fc.record({
  spine: fc.uniqueArray(
    fc.tuple(key, minute).map(([of, at]) => ({ ...of, at })),
    { minLength: 1, maxLength: 12, selector: (row) => JSON.stringify(row) },
  ),
  values: fc.array(value, { maxLength: 40 }),
  levels: fc.array(level, { maxLength: 12 }),
  bounds,
});

const definitionOf = ({ ttl, lag, since }: Bounds): ModelDefinition =>
  sampleDefinition('random', {
    model: {
      features: [
        view({
          table: 'random.usage',
          timestamp: 'at',
          columns: { hours: numeric(), plan: category(['a', 'b']) },
          ...(ttl !== null && { ttl: `${ttl} minutes` }),
          ...(lag !== null && { known: 'loaded_at', lag: `${lag} minutes` }),
          ...(lag !== null && since !== null && { knownSince: instant(since) }),
        }),
        view({
          table: 'random.regional',
          timestamp: 'at',
          keys: { region: 'area' },
          columns: { level: numeric() },
          ...(ttl !== null && { ttl: `${ttl} minutes` }),
        }),
      ],
    },
  });

/** The expected result of the join for a row. */
interface Expected {
  readonly hours: number | null;
  readonly plan: string | null;
  readonly level: number | null;
  readonly matched_0: true | null;
  readonly hidden_0: boolean;
  readonly backfilled_0: boolean;
  readonly matched_1: true | null;
}

/** The rules of the documentation, applied one after the other without regard to speed. */
function naive(
  row: Key & { readonly at: number },
  values: readonly Value[],
  levels: readonly Level[],
  { ttl, lag, since }: Bounds,
): Expected {
  const time = row.at;
  const isInReach = ({ at }: { readonly at: number }): boolean =>
    at <= time && (ttl === null || time - at <= ttl);
  const isInTime = ({ known }: Value): boolean => lag === null || known <= time + lag;
  const inReach = values
    .filter((each) => each.user_id === row.user_id && each.region === row.region)
    .filter(isInReach);
  const best = inReach
    .filter((each) => isInTime(each) || (since !== null && each.known < since))
    .reduce<Value | undefined>(
      (latest, each) => (latest && !beats(each, latest, lag !== null) ? latest : each),
      undefined,
    );
  const [highest] = levels
    .filter(({ region }) => region === row.region)
    .filter(isInReach)
    .toSorted((a, b) => b.at - a.at || (b.level ?? -1) - (a.level ?? -1));
  return {
    hours: best?.hours ?? null,
    plan: best?.plan ?? null,
    level: highest?.level ?? null,
    matched_0: best ? true : null,
    hidden_0: !best && inReach.length > 0,
    backfilled_0: best !== undefined && !isInTime(best),
    matched_1: highest ? true : null,
  };
}

function beats(one: Value, other: Value, knownMatters: boolean): boolean {
  if (one.at !== other.at) return one.at > other.at;
  if (knownMatters && one.known !== other.known) return one.known > other.known;
  const hours = (one.hours ?? -Infinity) - (other.hours ?? -Infinity);
  if (hours > 0 || hours < 0) return hours > 0;
  return (one.plan ?? '') > (other.plan ?? '');
}

async function load(
  spine: readonly (Key & { at: number })[],
  values: readonly Value[],
  levels: readonly Level[] = [],
): Promise<void> {
  await database.pool.query('truncate random.spine, random.usage, random.regional');
  await tables.insert('spine', ...spine.map((row) => ({ ...row, at: instant(row.at) })));
  const rows = values.map(({ at, known, ...row }) => ({
    ...row,
    at: instant(at),
    loaded_at: instant(known),
  }));
  await tables.insert('usage', ...rows);
  await database.pool.query(
    'insert into random.regional select * from jsonb_populate_recordset(null::random.regional, $1)',
    [JSON.stringify(levels.map((row) => ({ area: row.region, at: instant(row.at), level: row.level })))],
  );
}

const plans: JoinPlan[] = (['probe', 'scan'] as const).flatMap((usage) =>
  (['probe', 'scan'] as const).map((regional) => ({
    views: [
      { method: usage, uniqueTimes: false },
      { method: regional, uniqueTimes: false },
    ],
    label: usage,
  })),
);

/** The rows of all time, joined with a plan. */
async function joined(definition: ModelDefinition, plan: JoinPlan): Promise<(JoinedRow & Expected)[]> {
  const { rows } = await database.pool.query<JoinedRow & Expected>(
    windowSql(definition, holdoutPolicy(definition), plan),
    [instant(-1), instant(100), instant(100)],
  );
  return rows;
}

test('the join gives the same rows as a naive join in TypeScript, with every plan', async () => {
  await fc.assert(
    fc.asyncProperty(history, async ({ spine, values, levels, bounds: within }) => {
      await load(spine, values, levels);
      const definition = definitionOf(within);
      const [rows = [], ...others] = await Promise.all(plans.map((plan) => joined(definition, plan)));
      expect(rows).toHaveLength(spine.length);
      const places = new Map(rows.map((row) => [`${row.entity_key} ${row.row_time / 1000}`, row]));
      for (const row of spine) {
        const place = `["${row.user_id}", "${row.region}"] ${Date.parse(instant(row.at))}`;
        expect(places.get(place)).toMatchObject(naive(row, values, levels, within));
      }
      for (const other of others) expect(other).toEqual(rows);
    }),
    { numRuns: 150 },
  );
});

test('online rows can be joined at an instant between the times of the entity rows', async () => {
  await load(
    [
      { user_id: '1', region: '1', at: 1 },
      { user_id: '11', region: '1', at: 3 },
    ],
    [{ user_id: '1', region: '1', at: 2, known: 2, hours: 0, plan: 'a' }],
  );
  const { rows } = await database.pool.query(
    instantSql(definitionOf({ ttl: null, lag: null, since: null })),
    [instant(2)],
  );
  expect(rows).toEqual([
    {
      entity_key: '["1", "1"]',
      newest: new Date(instant(1)),
      hours: 0,
      plan: 'a',
      level: null,
      at_0: 1000 * Date.parse(instant(2)),
      at_1: null,
    },
  ]);
});
