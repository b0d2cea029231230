// Class weights: their meaning, and that both solvers find the optimum of the weighted loss.
import { describe, expect, test } from 'vitest';
import { parseDefinition } from '../../../domain/model/define-model.ts';
import { encodeRows } from '../../../domain/learning/encode/encode.ts';
import { describeClassWeight, classWeightsOf } from '../../../domain/learning/metrics/class-counts.ts';
import { fitEncoding } from '../../../domain/learning/encode/fit-encoding.ts';
import { fitLogistic } from '../../../domain/learning/solvers/fit-logistic.ts';
import { fitNewton } from '../../../domain/learning/solvers/fit-newton.ts';
import {
  type LogisticProblem,
  lossGradient,
  penalisedLoss,
} from '../../../domain/learning/solvers/logistic-problem.ts';
import { logisticRegression } from '../../../domain/learning/logistic-regression.ts';
import { sampleDefinition } from '../../helpers/sample-model.ts';
import { allRows, signalFrame } from './labelled-frame.ts';
import { newton } from './newton.ts';
import { distance, problemOf } from './problem-of.ts';

const weighted = (rows: number, positive: number, negative: number, l2 = 1): LogisticProblem => ({
  ...problemOf(signalFrame(rows, rows), l2),
  classWeights: { positive, negative },
});

test('balanced gives both classes the same total weight', () => {
  const counts = { positives: 100, negatives: 300, prior: 0.25 };
  expect(classWeightsOf('balanced', counts)).toEqual({ positive: 2, negative: 2 / 3 });
  expect(classWeightsOf('none', counts)).toBeUndefined();
  expect(classWeightsOf({ positive: 5, negative: 1 }, counts)).toEqual({ positive: 5, negative: 1 });
});

test('weights have a description', () => {
  expect((['none', 'balanced', { positive: 5, negative: 1 }] as const).map(describeClassWeight)).toEqual([
    'no class weights',
    'balanced class weights',
    'class weights 5 : 1',
  ]);
});

describe.each([
  ['gradient descent', fitLogistic, 1e-4],
  ["Newton's method", fitNewton, 1e-6],
] as const)('with weights %s', (_, fit, bound) => {
  test.each([
    [2, 0.5],
    [40, 1],
    [1, 300],
    [1e-3, 2e-3],
  ])('reaches the exact optimum with class weights %d : %d', (positive, negative) => {
    const problem = weighted(900, positive, negative);
    const { converged, coefficients } = fit(problem);
    expect(converged).toBe(true);
    expect(distance(coefficients, newton(problem))).toBeLessThan(bound);
  });

  test('finds the same optimum as for rows repeated as often as their weight', () => {
    const frame = signalFrame(500, 3);
    const encoding = fitEncoding(frame, allRows(frame));
    const repeated = allRows(frame).reduce<number[]>(
      (rows, row) => [...rows, ...new Array<number>(frame.labels[row] === 1 ? 3 : 2).fill(row)],
      [],
    );
    const rows = Uint32Array.from(repeated);
    const problem = problemOf(frame, 1);
    const often = {
      ...problem,
      matrix: encodeRows(encoding, frame, rows),
      labels: rows.reduce<Uint8Array>(
        (labels, row, at) => labels.fill(frame.labels[row]!, at),
        new Uint8Array(rows.length),
      ),
    };
    const { coefficients } = fit({ ...problem, classWeights: { positive: 3, negative: 2 } });
    expect(distance(coefficients, fit(often).coefficients)).toBeLessThan(bound);
  });

  test('has the same optimum with weights of 1 as without weights', () => {
    const problem = weighted(4_100, 1, 1);
    const plain = { ...problem, classWeights: undefined };
    expect(distance(fit(problem).coefficients, fit(plain).coefficients)).toBeLessThan(bound);
  });
});

test("a large weighted problem is solved with a sample and secant steps, with the same result as by Newton's method", () => {
  const problem = weighted(40_000, 9, 0.2);
  const fit = fitNewton(problem);
  expect(fit.converged).toBe(true);
  expect(distance(fit.coefficients, newton(problem))).toBeLessThan(1e-6);
});

test('the gradient of the weighted loss agrees with finite differences', () => {
  const problem = weighted(203, 3, 0.5);
  const at = Float64Array.from({ length: problem.width }, (_, column) => 0.3 - 0.2 * column);
  lossGradient(problem, at).forEach((slope, column) => {
    const moved = (by: number) => at.map((value, index) => (index === column ? value + by : value));
    const difference = (penalisedLoss(problem, moved(1e-5)) - penalisedLoss(problem, moved(-1e-5))) / 2e-5;
    expect(slope).toBeCloseTo(difference, 4);
  });
});

test("weights with which the descent does not converge are left to Newton's method, and the artifact says so", () => {
  const frame = signalFrame(600, 600);
  const fit = (solver: 'gradient-descent' | 'newton') =>
    logisticRegression.fit({
      frame,
      rows: allRows(frame),
      options: { seed: 7, solver, classWeight: { positive: 1_000, negative: 1 } },
    });
  const [descended, exact] = [fit('gradient-descent'), fit('newton')];
  expect(descended.solver).toBe('newton');
  expect(descended.coefficients[1]).toBeCloseTo(exact.coefficients[1]!, 6);
});

test('the artifact contains the weights that were used, and no weights if there were none', () => {
  const frame = signalFrame();
  const fit = (options: object) =>
    logisticRegression.fit({ frame, rows: allRows(frame), options: { seed: 7, ...options } });
  const positives = frame.labels.reduce((sum, label) => sum + label, 0);
  expect(fit({ classWeight: 'balanced' }).classWeights).toEqual({
    positive: frame.rows / 2 / positives,
    negative: frame.rows / 2 / (frame.rows - positives),
  });
  expect(JSON.stringify(fit({ classWeight: 'none' }))).toBe(JSON.stringify(fit({})));
  expect(fit({})).not.toHaveProperty('classWeights');
});

describe('a definition', () => {
  const training = (classWeight: unknown) =>
    sampleDefinition('sample', {
      model: { training: { trainer: 'logistic-regression', window: '1 month', classWeight } as never },
    }).training;

  test('accepts none, balanced and two weights', () => {
    for (const classWeight of ['none', 'balanced', { positive: 5, negative: 1 }])
      expect(training(classWeight)).toMatchObject({ classWeight });
  });

  test.each([
    'heavy',
    5,
    { positive: 5 },
    { positive: 0, negative: 1 },
    { positive: 1, negative: -1 },
    { positive: NaN, negative: 1 },
  ])('refuses %j and says what is accepted', (classWeight) => {
    expect(() => training(classWeight)).toThrow(
      /wrong at training\.classWeight(: write "none", "balanced", or \{ positive, negative \}|\.(posi|nega)tive: the weight of a class must be above 0)/,
    );
  });
});

test('a definition without weights is parsed without a key for them, so that its digest stays', () => {
  expect(Object.keys(parseDefinition(sampleDefinition('sample')).training)).toEqual([
    'trainer',
    'window',
    'seed',
    'l2',
    'solver',
  ]);
});
