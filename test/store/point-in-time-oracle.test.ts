// The point-in-time join against a naive one in TypeScript, over random histories.
import { afterAll, beforeAll, expect, test } from 'vitest';
import fc from 'fast-check';
import { category, numeric } from '../../domain/features/column.ts';
import { view } from '../../domain/features/define-model.ts';
import { type ModelDefinition } from '../../domain/features/definition.ts';
import { holdoutPolicy } from '../../domain/features/define-model.ts';
import { instantSql } from '../../store/features/instant-sql.ts';
import { windowSql } from '../../store/features/window-sql.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';
import { type JoinedRow, sampleDefinition, type SampleModel, sampleModel } from '../helpers/sample-model.ts';

let database: MigratedDatabase;
let tables: SampleModel;

beforeAll(async () => {
  database = await migratedDatabase();
  tables = await sampleModel(database, 'random');
});
afterAll(() => database.drop());

/** Minutes after `start`; few of them, so that histories are full of ties. */
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
      ],
    },
  });

/** The rules of docs, read one after the other, with no thought of speed. */
function naive(
  of: Key,
  time: number,
  values: readonly Value[],
  { ttl, lag, since }: Bounds,
): Value | undefined {
  return values
    .filter((each) => each.user_id === of.user_id && each.region === of.region)
    .filter(({ at }) => at <= time && (ttl === null || time - at <= ttl))
    .filter(({ known }) => lag === null || known <= time + lag || (since !== null && known < since))
    .reduce<Value | undefined>(
      (best, each) => (best && !beats(each, best, lag !== null) ? best : each),
      undefined,
    );
}

function beats(one: Value, other: Value, knownMatters: boolean): boolean {
  if (one.at !== other.at) return one.at > other.at;
  if (knownMatters && one.known !== other.known) return one.known > other.known;
  const hours = (one.hours ?? -Infinity) - (other.hours ?? -Infinity);
  if (hours > 0 || hours < 0) return hours > 0;
  return (one.plan ?? '') > (other.plan ?? '');
}

async function load(spine: readonly (Key & { at: number })[], values: readonly Value[]): Promise<void> {
  await database.pool.query('truncate random.spine, random.usage');
  await tables.insert('spine', ...spine.map((row) => ({ ...row, at: instant(row.at) })));
  const rows = values.map(({ at, known, ...row }) => ({
    ...row,
    at: instant(at),
    loaded_at: instant(known),
  }));
  await tables.insert('usage', ...rows);
}

const features = ({ hours, plan }: { hours: number | null; plan: string | null }) => ({ hours, plan });
const nothing = { hours: null, plan: null };

test('the join gives what a naive join in TypeScript gives', async () => {
  await fc.assert(
    fc.asyncProperty(history, async ({ spine, values, bounds: within }) => {
      await load(spine, values);
      const definition = definitionOf(within);
      const { rows } = await database.pool.query<JoinedRow>(
        windowSql(definition, holdoutPolicy(definition)),
        [instant(-1), instant(100), instant(100)],
      );
      expect(rows).toHaveLength(spine.length);
      const joined = new Map(rows.map((row) => [`${row.entity_key} ${row.row_time / 1000}`, features(row)]));
      for (const row of spine) {
        const place = `["${row.user_id}", "${row.region}"] ${Date.parse(instant(row.at))}`;
        expect(joined.get(place)).toEqual(features(naive(row, row.at, values, within) ?? nothing));
      }
    }),
    { numRuns: 150 },
  );
});

test('the instant of online rows may lie between the rows of the spine', async () => {
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
      at_0: 1000 * Date.parse(instant(2)),
    },
  ]);
});
