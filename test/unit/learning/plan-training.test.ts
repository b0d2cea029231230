// The plan of a training and its cross-validation, which uses training rows only, after the change if there is one.
import { describe, expect, test } from 'vitest';
import { type ModelInput } from '../../../domain/model/definition.ts';
import { type Frame, NO_LABEL, trainingRows } from '../../../domain/data/frame.ts';
import { chooseRecipe, type Tuning } from '../../../domain/learning/choose-recipe.ts';
import { crossValidate } from '../../../domain/learning/cross-validate.ts';
import { planTraining } from '../../../domain/learning/plan-training.ts';
import { sampleDefinition } from '../../helpers/sample-model.ts';
import { heldOut, signalFrame } from './labelled-frame.ts';

const CHANGE = new Date('2024-02-01T00:00:00Z');
const micros = (text: string): bigint => BigInt(Date.parse(text)) * 1_000n;

const trainingOf = (more: Partial<ModelInput['training']> = {}) =>
  sampleDefinition('sample', {
    model: { training: { trainer: 'logistic-regression', window: '2 months', seed: 7, ...more } },
  }).training;

/** Half of the rows before the change and half after it, in clusters of two rows, one on each side. */
function spanning(rows = 1_200, seed = 1): Frame {
  const frame = signalFrame(rows, seed);
  const half = rows / 2;
  return {
    ...frame,
    clusters: Uint32Array.from({ length: rows }, (_, row) => row % half),
    times: BigInt64Array.from({ length: rows }, (_, row) =>
      micros(row < half ? '2024-01-31T00:00:00Z' : '2024-02-29T00:00:00Z'),
    ),
  };
}

/** Labels before the change depend on the features in the opposite way to those after it. */
const turned = (frame: Frame): Frame => ({
  ...frame,
  labels: frame.labels.map((label, row) =>
    frame.times[row]! > micros('2024-02-01T00:00:00Z') ? label : 1 - label,
  ),
});

/** Plans, cross-validates every recipe and chooses one. */
function tune(frame: Frame, more: Partial<ModelInput['training']>, change: Date | null = null): Tuning {
  const training = trainingOf(more);
  const { plan, folds, rowsOf } = planTraining(frame, training, change);
  const judged = plan.recipes.map((recipe) => ({
    scores: crossValidate({
      frame,
      rows: rowsOf(recipe),
      folds,
      trainer: training.trainer,
      options: { seed: training.seed, l2: recipe.l2, classWeight: recipe.classWeight },
      metric: plan.metric,
    }),
  }));
  return chooseRecipe(plan, plan.recipes.length > 1 ? judged : [], training);
}

describe('the plan', () => {
  test('has one recipe, the definition’s own, if nothing is tuned and no change is known', () => {
    const { plan, folds } = planTraining(spanning(), trainingOf({ l2: 3, classWeight: 'balanced' }), null);
    expect(plan.recipes).toEqual([{ window: 'all', l2: 3, classWeight: 'balanced' }]);
    expect([plan.change, folds.length, plan.judgedRows]).toEqual([null, 0, 0]);
  });

  test('has both windows, validated on recent rows only, if there are rows on both sides of a change', () => {
    const frame = spanning();
    const { plan, folds, rowsOf } = planTraining(frame, trainingOf(), CHANGE);
    expect(plan.recipes.map(({ window }) => window)).toEqual(['all', 'recent']);
    expect(plan).toMatchObject({ change: CHANGE.toISOString(), judgedRows: 600, folds: 5 });
    expect(rowsOf(plan.recipes[0]!)).toHaveLength(1_200);
    expect(rowsOf(plan.recipes[1]!)).toHaveLength(600);
    for (const { outside } of folds) expect(outside.every((row) => row >= 600)).toBe(true);
  });

  test.each([
    ['before all rows', new Date('2024-01-01T00:00:00Z'), []],
    [
      'after all rows',
      new Date('2024-03-01T00:00:00Z'),
      ['no labelled row is later than the change at 2024-03-01T00:00:00.000Z'],
    ],
  ])('has one window if the change is %s', (_, change, remarks) => {
    const { plan } = planTraining(spanning(), trainingOf(), change);
    expect(plan).toMatchObject({ change: null, remarks });
    expect(plan.recipes).toHaveLength(1);
  });

  test('keeps to the windows that the definition names', () => {
    const windows = (of: ('all' | 'recent')[]) =>
      planTraining(spanning(), trainingOf({ windows: of }), CHANGE).plan.recipes.map(({ window }) => window);
    expect(windows(['recent'])).toEqual(['recent']);
    expect(windows(['all'])).toEqual(['all']);
    expect(windows(['recent', 'all'])).toEqual(['recent', 'all']);
  });

  test('learns from all rows and says so if those after the change have too few positives', () => {
    const frame = spanning();
    const labels = frame.labels.map((label, row) => (row < 600 ? label : Number(row < 610)));
    const { plan } = planTraining({ ...frame, labels }, trainingOf(), CHANGE);
    expect(plan.recipes.map(({ window }) => window)).toEqual(['all']);
    expect(plan.remarks).toEqual([
      'the rows after the change are not enough to learn from on their own: the training rows have 10 positives and 590 negatives; at least 50 of each are needed',
    ]);
  });

  test('combines each window with each point of the grid', () => {
    const tuned = trainingOf({
      tune: { l2: [0.1, 1, 10], classWeight: ['none', 'balanced'], folds: 3, metric: 'log loss' },
    });
    const { plan } = planTraining(spanning(), tuned, CHANGE);
    expect(plan.recipes).toHaveLength(12);
    expect(new Set(plan.recipes.map((recipe) => JSON.stringify(recipe))).size).toBe(12);
    expect(plan).toMatchObject({ folds: 3, metric: 'log loss' });
  });

  test('falls back to the definition’s own recipe if rows cannot be split into folds', () => {
    const frame = { ...signalFrame(400, 1), clusters: new Uint32Array(400) };
    const { plan } = planTraining(frame, trainingOf({ tune: {} }), null);
    expect(plan.recipes).toEqual([{ window: 'all', l2: 1, classWeight: 'none' }]);
    expect(plan.remarks[0]).toContain('even with 2 folds, one would have no rows of a class');
  });

  test('keeps to recent rows if rows cannot be split into folds and the definition allows no others', () => {
    const frame = { ...spanning(), clusters: new Uint32Array(1_200) };
    const { plan } = planTraining(frame, trainingOf({ tune: {}, windows: ['recent'] }), CHANGE);
    expect(plan.recipes).toEqual([{ window: 'recent', l2: 1, classWeight: 'none' }]);
  });

  test.each([
    ['one class', (frame: Frame) => ({ ...frame, labels: frame.labels.map(() => 0) }), 'ONE_CLASS'],
    [
      '49 positives',
      (frame: Frame) => ({ ...frame, labels: frame.labels.map((_, row) => Number(row < 49)) }),
      'TOO_FEW_LABELS',
    ],
    [
      'no label',
      (frame: Frame) => ({ ...frame, labels: frame.labels.map(() => NO_LABEL) }),
      'TOO_FEW_LABELS',
    ],
  ])('is refused for %s before anything is fitted', (_, change, code) => {
    expect(() => planTraining(change(spanning()), trainingOf({ tune: {} }), CHANGE)).toThrow(
      expect.objectContaining({ code }) as Error,
    );
  });
});

describe('cross-validation', () => {
  test('never learns from a cluster of the fold that it scores, on either side of the change', () => {
    const frame = spanning();
    const { folds, rowsOf, plan } = planTraining(frame, trainingOf(), CHANGE);
    const fold = folds[0]!;
    const judged = new Set(fold.outside.map((row) => frame.clusters[row]!));
    // Rows of scored clusters before the change get features that would spoil any fit.
    const spoilt = {
      ...frame,
      features: frame.features.map((column) =>
        column.kind === 'numeric'
          ? {
              ...column,
              values: column.values.map((value, row) =>
                row < 600 && judged.has(frame.clusters[row]!) ? 1e6 : value,
              ),
            }
          : column,
      ),
    };
    const validate = (of: Frame) =>
      crossValidate({
        frame: of,
        rows: rowsOf(plan.recipes[0]!),
        folds: [fold],
        trainer: 'logistic-regression',
        options: { seed: 7 },
        metric: 'auc',
      });
    expect(validate(spoilt)).toEqual(validate(frame));
  });

  test('reads no holdout row: inverted labels and spoilt features there change nothing', () => {
    const frame = heldOut(turned(spanning()), (row) => row % 5 === 0);
    const spoilt: Frame = {
      ...frame,
      labels: frame.labels.map((label, row) => (row % 5 === 0 ? 1 - label : label)),
      features: frame.features.map((column) =>
        column.kind === 'numeric'
          ? { ...column, values: column.values.map((value, row) => (row % 5 === 0 ? NaN : value)) }
          : { ...column, codes: column.codes.map((code, row) => (row % 5 === 0 ? 0 : code)) },
      ),
    };
    const policy = { tune: { l2: [0.1, 10], classWeight: ['none' as const, 'balanced' as const] } };
    const tuning = tune(frame, policy, CHANGE);
    expect(tuning.recipes).toHaveLength(8);
    expect(tune(spoilt, policy, CHANGE)).toEqual(tuning);
  });

  test('chooses the recent rows if the concept changed, and all rows if it did not', () => {
    const after = tune(turned(spanning()), {}, CHANGE);
    expect(after.chosen.window).toBe('recent');
    expect(after.recipes[1]!.mean! - after.recipes[0]!.mean!).toBeGreaterThan(0.1);
    // Without a change of concept, more rows are better.
    expect(tune(spanning(600, 4), {}, CHANGE).chosen.window).toBe('all');
  });

  test('prefers a strong penalty if the features are noise, and reports its progress up to 1', () => {
    const frame = spanning();
    const noise = { ...frame, labels: frame.labels.map((_, row) => ((row * 7919) % 3 === 0 ? 1 : 0)) };
    expect(tune(noise, { tune: { l2: [0.01, 1, 1_000] } }).chosen.l2).toBe(1_000);
    const reported: number[] = [];
    const { folds } = planTraining(frame, trainingOf({ tune: {} }), null);
    crossValidate(
      {
        frame,
        rows: trainingRows(frame),
        folds,
        trainer: 'logistic-regression',
        options: { seed: 7 },
        metric: 'auc',
      },
      (fraction) => reported.push(fraction),
    );
    expect(reported).toEqual([...reported].sort((a, b) => a - b));
    expect(reported.at(-1)).toBe(1);
  });

  test('fails with the code of the trainer if classes are separated and there is no penalty', () => {
    const frame = signalFrame(400, 2);
    const leak = {
      kind: 'numeric' as const,
      name: 'leak',
      values: Float64Array.from(frame.labels, (label) => label),
    };
    const leaking = { ...frame, features: [leak] };
    const { folds } = planTraining(leaking, trainingOf({ tune: {} }), null);
    expect(() =>
      crossValidate({
        frame: leaking,
        rows: trainingRows(leaking),
        folds,
        trainer: 'logistic-regression',
        options: { seed: 7, l2: 0 },
        metric: 'auc',
      }),
    ).toThrow(expect.objectContaining({ code: 'NOT_CONVERGED' }) as Error);
  });
});

describe('hard columns', () => {
  const rows = 600;
  const hard: [string, (frame: Frame) => Frame['features']][] = [
    ['a constant', () => [{ kind: 'numeric', name: 'same', values: new Float64Array(rows).fill(3) }]],
    ['all missing', () => [{ kind: 'numeric', name: 'gone', values: new Float64Array(rows).fill(NaN) }]],
    ['a copy', (frame) => [{ ...frame.features[0]!, name: 'copy' }]],
    [
      'NaN and ±1e308',
      () => [
        {
          kind: 'numeric',
          name: 'wild',
          values: Float64Array.from({ length: rows }, (_, row) => [NaN, 1e308, -1e308, 0][row % 4]!),
        },
      ],
    ],
    [
      '10,000 categories',
      () => [
        {
          kind: 'category',
          name: 'k',
          codes: Uint32Array.from({ length: rows }, (_, row) => (row * 17) % 10_000),
          dictionary: Array.from({ length: 10_000 }, (_, code) => `value ${code}`),
        },
      ],
    ],
  ];
  test.each(hard)('with %s do not break the choice', (_, column) => {
    const frame = spanning(rows);
    const tuning = tune(
      { ...frame, features: [...frame.features, ...column(frame)] },
      { tune: { l2: [0.1, 1] } },
    );
    for (const { scores } of tuning.recipes) for (const score of scores!) expect(score).toBeGreaterThan(0.6);
  });
});

describe('a definition', () => {
  const refused = (training: object) => () => trainingOf(training);

  test('may have a grid of at most 24 points', () => {
    const weights = ['none', 'balanced', { positive: 2, negative: 1 }] as const;
    const l2 = [1, 2, 3, 4, 5, 6, 7, 8];
    expect(trainingOf({ tune: { l2, classWeight: [...weights] } }).tune).toMatchObject({
      folds: 5,
      metric: 'auc',
    });
    expect(refused({ tune: { l2: [...l2, 9], classWeight: weights } })).toThrow(
      'training.tune: a grid of more than 24 points takes too long: remove some',
    );
  });

  test.each([
    [{ tune: { l2: [] } }, 'training.tune.l2'],
    [{ tune: { l2: [1, 1] } }, 'training.tune.l2: lists a strength twice'],
    [{ tune: { l2: [-1] } }, 'training.tune.l2.0'],
    [{ tune: { classWeight: ['none', 'none'] } }, 'training.tune.classWeight: lists a weight twice'],
    [{ tune: { folds: 1 } }, 'training.tune.folds'],
    [{ tune: { folds: 21 } }, 'training.tune.folds'],
    [{ tune: { metric: 'accuracy' } }, 'training.tune.metric'],
    [{ tune: { depth: 3 } }, 'training.tune'],
    [{ windows: [] }, 'training.windows'],
    [{ windows: ['all', 'all'] }, 'training.windows: lists a window twice'],
    [{ windows: ['older'] }, 'training.windows.0'],
  ])('with %j is refused at the path %s', (training, place) => {
    expect(refused(training)).toThrow(place);
  });
});
