// The quick way of answering frequent requests gives the same answers, and the same log, as the general one.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { predict } from '../../../api/prediction/predict.ts';
import { isClearlyValid } from '../../../api/prediction/clear-body.ts';
import { quickPredict } from '../../../api/prediction/quick-predict.ts';
import { type PredictBody, predictBody } from '../../../api/schemas/prediction.ts';
import { makeServingModel } from '../../../api/serving/serving-model.ts';
import { linearScorer } from '../../../domain/learning/artifact/scorer.ts';
import { encodedWidth } from '../../../domain/learning/encode/encoding.ts';
import { type Artifact } from '../../../domain/learning/artifact/artifact.ts';
import { category, count, flag, instant, numeric } from '../../../domain/model/parts/column.ts';
import { type ModelDefinition } from '../../../domain/model/definition.ts';
import { daysSince, isMissing, ratio } from '../../../domain/model/index.ts';
import { type OnlineRow } from '../../../store/online/lookup.ts';
import { type LoggedPrediction } from '../../../store/registry/predictions.ts';
import { sampleDefinition } from '../../helpers/sample-model.ts';

/** Names that a definition would refuse; a version must not depend on that. */
const ODD = { odd_number: "'];process.exit()//", odd_text: '${x}\u2028"' };

const plainDefinition = sampleDefinition('quick', {
  view: {
    columns: {
      hours: numeric(),
      tickets: count(),
      plan: category(),
      paid: flag(),
      since: instant(),
      toString: numeric(),
      odd_number: numeric(),
      odd_text: category(),
    },
  },
  model: {
    derived: {
      per_ticket: ratio('hours', 'tickets'),
      tenure: daysSince('since'),
      no_plan: isMissing('plan'),
    },
  },
});

const definition = JSON.parse(
  JSON.stringify(plainDefinition).replaceAll(/"(odd_number|odd_text)"/g, (_, name: keyof typeof ODD) =>
    JSON.stringify(ODD[name]),
  ),
) as ModelDefinition;

const numbers = ['hours', 'tickets', 'toString', "'];process.exit()//", 'per_ticket', 'tenure'];
const texts = {
  plan: ['a', '__proto__'],
  paid: ['false', 'true'],
  '${x}\u2028"': ['x'],
  no_plan: ['false', 'true'],
};
const encoding: Artifact['encoding'] = {
  columns: [
    ...numbers.map((name) => ({ kind: 'numeric' as const, name, scale: { mean: 3, sd: 7 }, missing: true })),
    ...Object.entries(texts).map(([name, levels]) => ({
      kind: 'category' as const,
      name,
      levels,
      other: true,
      missing: true,
    })),
  ],
  dropped: [],
};
const model = await makeServingModel({
  model: 'quick',
  version: 3,
  definitionVersion: 2,
  definition,
  threshold: 0.4,
  scorer: linearScorer({
    encoding,
    coefficients: Array.from({ length: encodedWidth(encoding) }, (_, at) => Math.sin(at) / 3),
  } as unknown as Artifact),
});

const now = new Date('2024-03-01T12:00:00Z');
const stored = new Map<string, OnlineRow>();
const lookUp = (keys: readonly { readonly entityKey: readonly string[] }[]) =>
  Promise.resolve(keys.map(({ entityKey }) => stored.get(entityKey.join())));

async function bothWays(body: object) {
  const checked = predictBody.parse(body);
  const logged: LoggedPrediction[] = [];
  const text = await quickPredict(model, checked, {
    lookUp,
    clock: () => now,
    log: (rows) => logged.push(...rows),
  });
  const general = await predict(model, checked, { lookUp, now }).catch((error: unknown) => error);
  return { text, logged, general };
}

/** Expects the same answer from both ways. */
async function expectSame(body: object): Promise<void> {
  const { text, logged, general } = await bothWays(body);
  if (!Array.isArray(general)) {
    expect(text).toBeUndefined();
    return;
  }
  const answered = general as Awaited<ReturnType<typeof predict>>;
  expect(JSON.parse(text!)).toEqual({
    model: 'quick',
    version: 3,
    threshold: 0.4,
    predictions: answered.map(({ prediction }, at) => ({ ...prediction, id: logged[at]?.id })),
  });
  expect(logged).toEqual(
    answered.map(
      ({ prediction: { score }, subject: { entityKey } }) =>
        expect.objectContaining({ model: 'quick', version: 3, entityKey, score, at: now }) as object,
    ),
  );
  expect(logged.map(({ features }) => JSON.parse(features) as object)).toEqual(
    answered.map(({ subject: { record } }) => JSON.parse(JSON.stringify(record)) as object),
  );
}

const anything = fc.oneof(
  fc.double(),
  fc.nat(50),
  fc.boolean(),
  fc.constantFrom(
    null,
    'a',
    'x',
    '__proto__',
    'é'.repeat(1_200),
    '2024-01-01',
    '2024-01-01T00:00:00Z',
    'a\0b',
  ),
);
const names = Object.keys(definition.features[0]!.columns);
const values: Record<string, fc.Arbitrary<unknown>> = {
  hours: fc.double({ noNaN: true, noDefaultInfinity: true }),
  tickets: fc.nat(),
  plan: fc.constantFrom('a', '__proto__', 'other', ''),
  paid: fc.boolean(),
  since: fc.constantFrom('2024-01-01', '2023-01-01T00:00:00.5Z'),
  toString: fc.integer(),
  "'];process.exit()//": fc.integer(),
  '${x}\u2028"': fc.constantFrom('x', 'y'),
};
const features = fc.record(
  Object.fromEntries(
    names.map((name) => [name, fc.oneof({ weight: 9, arbitrary: values[name]! }, fc.constant(null))]),
  ),
  { requiredKeys: [] },
);
const oddFeatures = fc.dictionary(fc.constantFrom(...names, 'unknown', 'per_ticket'), anything);

describe('an answer', () => {
  it('is the same for features and rows of any values', async () => {
    const body = fc.oneof(
      features.map((each) => ({ features: each })),
      oddFeatures.map((each) => ({ features: each })),
      fc.array(features, { minLength: 1, maxLength: 4 }).map((rows) => ({ rows })),
    );
    await fc.assert(fc.asyncProperty(body, expectSame), { numRuns: 400 });
  });

  it('is the same for keys with stored values of any kind', async () => {
    const row = fc.dictionary(fc.constantFrom(...names, 'unknown'), anything);
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 3 }), fc.boolean(), async (rows, one) => {
        stored.clear();
        rows.forEach((each, at) =>
          stored.set(`u${at},eu`, { features: each, asOf: new Date('2024-02-01Z'), viewTimes: [null] }),
        );
        const keys = rows.map((_, at) => ({ user_id: `u${at}`, region: 'eu' }));
        await expectSame(one ? { key: keys[0] } : { keys });
        await expectSame({ keys: [...keys, { user_id: 'nobody', region: 'eu' }] });
        await expectSame({ key: { user_id: 'u0' } });
        await expectSame({ key: { ...keys[0], extra: 1 } });
      }),
      { numRuns: 100 },
    );
  });
});

describe('a body that is taken for clearly valid', () => {
  it('is accepted by the schema, which does not change it', () => {
    const part = fc.oneof(anything, fc.dictionary(fc.string({ maxLength: 3 }), anything, { maxKeys: 3 }));
    const body = fc.dictionary(
      fc.constantFrom('features', 'rows', 'key', 'keys', 'as_of', 'explain', 'other'),
      fc.oneof(part, fc.array(part, { maxLength: 3 })),
      { maxKeys: 2 },
    );
    let clear = 0;
    fc.assert(
      fc.property(body, (given) => {
        if (!isClearlyValid.body(given)) return;
        clear += 1;
        expect(predictBody.parse(given)).toEqual<PredictBody>(given);
      }),
      { numRuns: 2_000 },
    );
    expect(clear).toBeGreaterThan(5);
  });
});
