// A derived column has the same value when it is frozen, looked up or sent in a request, for random
// definitions and rows.
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { predict } from '../../api/prediction/predict.ts';
import { compileModel } from '../../api/serving/compiled-model.ts';
import { rowShape } from '../../api/serving/row-shape.ts';
import { type PredictBody } from '../../api/schemas/prediction.ts';
import { type ServingModel } from '../../api/serving/serving-model.ts';
import { category, count, flag, instant, numeric } from '../../domain/model/parts/column.ts';
import { featuresOf } from '../../domain/model/define-model.ts';
import { type ModelDefinition } from '../../domain/model/definition.ts';
import { type DerivedSpec, OPERATOR_NAMES } from '../../domain/model/derived/operators.ts';
import {
  absolute, bucket, calendar, clip, coalesce, cross, daysBetween, daysSince, difference, equals, isMissing, log1p,
  product, ratio, sum,
} from '../../domain/model/index.ts'; // prettier-ignore
import { recordAt } from '../../domain/data/frame.ts';
import { freezeWindow } from '../../store/datasets/freeze.ts';
import { readDataset } from '../../store/datasets/read.ts';
import { applyDefinition } from '../../store/definitions/definitions.ts';
import { rowsAt } from '../../store/join/rows-at.ts';
import { findOnlineRows } from '../../store/online/lookup.ts';
import { materialize } from '../../store/online/materialize.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';
import { sampleDefinition } from '../helpers/sample-model.ts';

let database: MigratedDatabase;

const asOf = new Date('2024-02-01T00:00:00Z');
const columns = {
  fee: numeric(),
  hours: numeric(),
  calls: count(),
  plan: category(),
  region: category(),
  gift: flag(),
  since: instant(),
  seen: instant(),
};

beforeAll(async () => {
  database = await migratedDatabase();
  await database.pool.query(`
    create schema everywhere;
    create table everywhere.spine (user_id text, region_id text, at timestamptz);
    create table everywhere.usage (user_id text, region_id text, at timestamptz, fee float8, hours float8, calls bigint,
      plan text, region text, gift boolean, since timestamptz, seen timestamptz);
    create table everywhere.outcome (user_id text, region_id text, at timestamptz, loaded_at timestamptz, gone boolean)`);
});
afterAll(() => database.drop());

/** Column names by the type that an operator needs. */
interface Names {
  readonly numbers: readonly string[];
  readonly texts: readonly string[];
  readonly instants: readonly string[];
}

const number = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(0, -0, -1, 1, 6, 12, 1.7e308, -1.7e308, 5e-324, 2 ** 53),
);
const text = fc.oneof(
  fc.constantFrom('__proto__', "it's", '"', '\\', '&', 'a & b', '🙂', '', 'true', '\n\t', 'constructor'),
  fc.string({ unit: 'grapheme', maxLength: 8 }).filter((value) => !/[\0\p{Surrogate}]/u.test(value)),
);

/** A declaration of any operator over the available names. */
function anySpec({ numbers, texts, instants }: Names): fc.Arbitrary<DerivedSpec> {
  const aNumber = fc.constantFrom(...numbers);
  const aText = fc.constantFrom(...texts);
  const anInstant = fc.constantFrom(...instants);
  const two = fc.tuple(aNumber, aNumber);
  const some = fc.array(aNumber, { minLength: 2, maxLength: 4 });
  const bounds = fc.uniqueArray(
    number.map((bound) => bound + 0),
    { minLength: 1, maxLength: 4 },
  );
  return fc.oneof(
    two.map(([a, b]) => ratio(a, b)),
    two.map(([a, b]) => difference(a, b)),
    some.map((inputs) => sum(inputs)),
    some.map((inputs) => product(inputs)),
    aNumber.map((input) => log1p(input)),
    aNumber.map((input) => absolute(input)),
    fc.tuple(aNumber, number).map(([input, lower]) => clip(input, { lower })),
    fc.tuple(aNumber, bounds).map(([input, each]) =>
      bucket(
        input,
        each.toSorted((a, b) => a - b),
      ),
    ),
    fc
      .tuple(some, fc.option(number))
      .map(([inputs, otherwise]) => coalesce(inputs, otherwise === null ? {} : { otherwise })),
    fc.array(aText, { minLength: 1, maxLength: 3 }).map((inputs) => coalesce(inputs, { otherwise: 'none' })),
    fc.oneof(aNumber, aText, anInstant).map((input) => isMissing(input)),
    fc.tuple(aNumber, number).map(([input, value]) => equals(input, value)),
    fc.tuple(aText, text).map(([input, value]) => equals(input, value)),
    fc.array(aText, { minLength: 2, maxLength: 3 }).map((inputs) => cross(inputs)),
    anInstant.map((input) => daysSince(input)),
    fc.tuple(anInstant, anInstant).map(([from, to]) => daysBetween(from, to)),
    fc
      .tuple(anInstant, fc.constantFrom('month' as const, 'weekday' as const, 'hour' as const))
      .map(([at, part]) => calendar(at, part)),
  );
}

const GIVES_NUMBERS = new Set([
  'ratio',
  'difference',
  'sum',
  'product',
  'log1p',
  'absolute',
  'clip',
  'days_since',
  'days_between',
]);

/** Derived columns, where later ones may read earlier ones. */
const anyDerived: fc.Arbitrary<Record<string, DerivedSpec>> = fc
  .integer({ min: 1, max: 12 })
  .chain((size) => {
    const begin: Names = {
      numbers: ['fee', 'hours', 'calls'],
      texts: ['plan', 'region', 'gift'],
      instants: ['since', 'seen'],
    };
    const grow = (names: Names, at: number): fc.Arbitrary<Record<string, DerivedSpec>> =>
      at === size
        ? fc.constant({})
        : anySpec(names).chain((spec) => {
            const name = `d${at}`;
            const isNumber =
              GIVES_NUMBERS.has(spec.operator) ||
              (spec.operator === 'coalesce' && names.numbers.includes(spec.inputs[0] ?? ''));
            const grown = isNumber
              ? { ...names, numbers: [...names.numbers, name] }
              : { ...names, texts: [...names.texts, name] };
            return grow(grown, at + 1).map((rest) => ({ [name]: spec, ...rest }));
          });
    return grow(begin, 0);
  });

const micros = fc.integer({ min: Date.parse('1900-01-01') * 1_000, max: Date.parse('2100-01-01') * 1_000 });

/** A row of the source table. Numbers that JSON cannot represent are texts that Postgres reads. */
const anyRow = fc.record({
  fee: fc.option(fc.oneof(number, fc.constantFrom(NaN, Infinity, -Infinity))),
  hours: fc.option(number),
  calls: fc.option(fc.integer({ min: 0, max: 2 ** 31 })),
  plan: fc.option(text),
  region: fc.option(text),
  gift: fc.option(fc.boolean()),
  since: fc.option(micros),
  seen: fc.option(micros),
});
type Row = typeof anyRow extends fc.Arbitrary<infer T> ? T : never;

const iso = (instantMicros: number): string => {
  const rest = ((instantMicros % 1_000) + 1_000) % 1_000;
  const text = new Date((instantMicros - rest) / 1_000).toISOString();
  return text.replace('Z', `${String(rest).padStart(3, '0')}Z`);
};

/** The row as a request sends it. JSON cannot represent NaN and infinities, so they are missing. */
const asSent = ({ since, seen, ...row }: Row): object =>
  JSON.parse(
    JSON.stringify({
      ...row,
      since: since === null ? null : iso(since),
      seen: seen === null ? null : iso(seen),
    }),
  ) as object;

async function fill(rows: readonly Row[]): Promise<void> {
  await database.pool.query('truncate everywhere.spine, everywhere.usage');
  const stored = rows.map(({ fee, since, seen, ...row }, at) => ({
    ...row,
    user_id: `u${String(at).padStart(3, '0')}`,
    region_id: 'eu',
    fee: fee === null ? null : String(fee),
    since: since === null ? null : iso(since),
    seen: seen === null ? null : iso(seen),
    at: asOf,
  }));
  for (const table of ['spine', 'usage']) {
    await database.pool.query(
      `insert into everywhere.${table} select * from jsonb_populate_recordset(null::everywhere.${table}, $1)`,
      [JSON.stringify(stored)],
    );
  }
}

const definitionWith = (derived: Record<string, DerivedSpec>): ModelDefinition =>
  sampleDefinition('everywhere', {
    model: {
      entity: { name: 'user', keys: ['user_id', 'region_id'] },
      features: [{ table: 'everywhere.usage', timestamp: 'at', columns }],
      derived,
    },
  });

/** A version of the definition that can be called for predictions; its score does not matter here. */
const serving = (definition: ModelDefinition, definitionVersion: number): ServingModel => ({
  model: definition.name,
  version: 1,
  definitionVersion,
  entityKeys: definition.entity.keys,
  definition,
  ageLimits: [],
  shape: rowShape(definition),
  score: (records) => records.map(() => 0.5),
  compiled: compileModel(definition, {
    features: [],
    scoreRecords: (records) => records.map(() => 0.5),
    compile: null,
  }),
  threshold: 0.5,
  explain: () => ({ score: 0, base: 0, contributions: [] }),
});

/** A version of the definition whose rows are frozen, looked up and sent in requests. */
async function everywhere(definition: ModelDefinition, rows: readonly Row[]) {
  await fill(rows);
  const { version } = await applyDefinition(database, definition, 'ada');

  const dataset = await freezeWindow(database, {
    request: `everywhere/${version}/${Math.random()}`,
    definition,
    definitionVersion: version,
    window: { from: new Date('2024-01-01Z'), to: asOf },
  });
  const { frame } = await readDataset(database, dataset);
  const source = { model: definition.name, version, definition, appliedBy: 'ada', appliedAt: asOf };
  await database.pool.query('delete from tidegate.online_row; delete from tidegate.online_watermark');
  await materialize(database, { source, asOf });

  const model = serving(definition, version);
  const ask = async (body: PredictBody) => {
    const answers = await predict(model, body, {
      lookUp: (keys) => findOnlineRows(database, keys),
      now: new Date(0),
    });
    return answers.map(({ subject }) => subject.record);
  };
  const keys = rows.map((_, at) => ({ user_id: `u${String(at).padStart(3, '0')}`, region_id: 'eu' }));
  return { frame, ask, keys, sent: rows.map((row) => asSent(row) as Record<string, unknown>) };
}

test('a derived column has the same value when frozen, materialized and sent in a request', async () => {
  const used = new Set<string>();
  await fc.assert(
    fc.asyncProperty(anyDerived, fc.array(anyRow, { minLength: 1, maxLength: 12 }), async (derived, rows) => {
      for (const { operator } of Object.values(derived)) used.add(operator);
      const definition = definitionWith(derived);
      const { frame, ask, keys, sent } = await everywhere(definition, rows);
      const lookedUp = await ask({ keys });
      const requested = await ask({ rows: sent, as_of: asOf.toISOString() });
      const overridden = await ask({ entries: keys.map((key, at) => ({ key, features: sent[at] })) });

      const names = featuresOf(definition)
        .filter(({ view }) => view === null)
        .map(({ name }) => name);
      expect(names).toEqual(Object.keys(derived));
      rows.forEach((_, at) => {
        const frozen = recordAt(frame, at);
        for (const name of names) {
          const values = [frozen, lookedUp[at], requested[at], overridden[at]].map(
            (record) => record?.[name],
          );
          expect(values, `${name} of row ${at}: ${JSON.stringify(derived[name])}`).toEqual(
            Array(4).fill(frozen[name]),
          );
        }
      });
    }),
    { numRuns: 60 },
  );
  expect([...used].sort()).toEqual([...OPERATOR_NAMES].sort());
});

test('a text of 1,500 characters is the same category when frozen, materialized and sent in a request', async () => {
  const start = 'x'.repeat(999);
  const long = ['😀'.repeat(1_500), `${start}😀${'y'.repeat(500)}`, `${start}é${'y'.repeat(500)}`];
  const categories = ['😀'.repeat(1_000), `${start}😀`, `${start}é`];
  const none = { fee: null, hours: null, calls: null, gift: null, since: null, seen: null };
  const rows = long.map((plan) => ({ ...none, plan, region: 'eu' }));
  const definition = definitionWith({
    same: coalesce(['plan']),
    crossed: cross(['region', 'plan']),
    equal: equals('plan', `${start}😀`),
  });
  const { frame, ask, keys, sent } = await everywhere(definition, rows);
  const expected = categories.map((plan) => ({
    plan,
    same: plan,
    crossed: [...`eu & ${plan}`].slice(0, 1_000).join(''),
    equal: String(plan === `${start}😀`),
  }));
  expect(rows.map((_, at) => recordAt(frame, at))).toMatchObject(expected);
  expect(await ask({ keys })).toMatchObject(expected);
  expect(await ask({ rows: sent })).toMatchObject(expected);
  expect(await ask({ entries: keys.map((key, at) => ({ key, features: sent[at] })) })).toMatchObject(
    expected,
  );

  const found = await rowsAt(database, definition, { asOf, limit: 3 });
  expect(found.map(({ values }) => Object.fromEntries(values))).toMatchObject(expected);
  const stored = await database.pool.query<{ plan: string }>(
    `select features->>'plan' as plan from tidegate.online_row order by entity_key`,
  );
  expect(stored.rows.map(({ plan }) => plan)).toEqual(categories);
  // As earlier releases wrote online rows, before texts were shortened.
  await database.pool.query(
    `update tidegate.online_row set features = jsonb_set(features, '{plan}', to_jsonb(usage.plan))
     from everywhere.usage where entity_key->>0 = usage.user_id`,
  );
  expect(await ask({ keys })).toMatchObject(expected);
});
