// Logistic regression by Newton's method: reaches the minimum on hard problems and from any start.
import { describe, expect, test } from 'vitest';
import { fitLogistic } from '../../../domain/learning/solvers/fit-logistic.ts';
import { fitNewton, lossHessian, newtonSteps } from '../../../domain/learning/solvers/fit-newton.ts';
import {
  type LogisticProblem,
  lossGradient,
  penalisedLoss,
} from '../../../domain/learning/solvers/logistic-problem.ts';
import { sampleProblem } from '../../../domain/learning/solvers/sample-problem.ts';
import { Random } from '../../../domain/random.ts';
import { frameOf, normals, randomOf } from '../drift/frame-of.ts';
import { signalFrame } from './labelled-frame.ts';
import { newton } from './newton.ts';
import { distance, problemOf } from './problem-of.ts';

/** A problem of `rows` rows with one number and one category that matter, and one number that does not. */
function generated(rows: number, l2: number, intercept = -1) {
  const random = randomOf(rows);
  const x = normals(rows, random);
  const noise = normals(rows, random);
  const level = Array.from({ length: rows }, () => ['a', 'b', 'c'][Math.floor(random() * 3)]!);
  const labels = Array.from(x, (value, row) =>
    Number(random() < 1 / (1 + Math.exp(-intercept - value - (level[row] === 'a' ? 1 : 0)))),
  );
  return problemOf(frameOf({ x, noise, level }, labels), l2);
}

describe("Newton's method", () => {
  test.each([51, 57, 350, 2_049, 4_001, 6_053, 20_011])(
    'reaches the optimum to the ninth digit on %d rows',
    (rows) => {
      const problem = generated(rows, 1);
      const fit = fitNewton(problem);
      expect(fit.converged).toBe(true);
      expect(distance(fit.coefficients, newton(problem))).toBeLessThan(1e-6);
    },
  );

  test.each([0.001, 1, 1_000])('finds the optimum of the penalised loss, l2 = %d', (l2) => {
    const problem = generated(5_000, l2);
    expect(distance(fitNewton(problem).coefficients, newton(problem))).toBeLessThan(1e-6);
  });

  test('finds the same optimum as gradient descent', () => {
    const problem = problemOf(signalFrame(), 1);
    expect(distance(fitNewton(problem).coefficients, fitLogistic(problem).coefficients)).toBeLessThan(1e-4);
  });

  test('finds the optimum with positives so rare that a sample may contain none', () => {
    const problem = generated(20_000, 1, -7);
    const fit = fitNewton(problem);
    expect(fit.converged).toBe(true);
    expect(distance(fit.coefficients, newton(problem))).toBeLessThan(1e-6);
  });

  test('converges with linearly dependent columns and no penalty', () => {
    const frame = signalFrame();
    const [signal] = frame.features;
    const twice = { ...frame, features: [...frame.features, { ...signal!, name: 'copy' }] };
    const fit = fitNewton(problemOf(twice, 0));
    expect(fit.converged).toBe(true);
    const single = fitNewton(problemOf(frame, 0));
    expect(fit.coefficients[1]! + fit.coefficients.at(-1)!).toBeCloseTo(single.coefficients[1]!, 5);
    expect(Math.max(...fit.coefficients.map(Math.abs))).toBeLessThan(100);
  });

  test('converges with an extreme value', () => {
    const problem = generated(4_000, 1);
    problem.matrix[problem.width + 1] = 1e6;
    const fit = fitNewton(problem);
    expect(fit.converged).toBe(true);
    expect(fit.coefficients.every(Number.isFinite)).toBe(true);
  });

  test.each([400, 30_000])(
    'does not claim an optimum if %d rows are separated and there is no penalty',
    (rows) => {
      const x = Float64Array.from({ length: rows }, (_, row) => row - (rows - 1) / 2);
      const labels = [...x].map((value) => Number(value > 0));
      const fit = fitNewton(problemOf(frameOf({ x }, labels), 0));
      expect(fit).toMatchObject({ converged: false, separated: true });
    },
  );

  test('returns the same bits each time', () => {
    const problem = generated(9_000, 1);
    expect(fitNewton(problem).coefficients).toEqual(fitNewton(problem).coefficients);
  });
});

describe('the loss of a problem', () => {
  const problem = generated(203, 2);
  const at = Float64Array.from({ length: problem.width }, (_, column) => 0.3 - 0.2 * column);
  const moved = (column: number, by: number): Float64Array =>
    at.map((value, index) => (index === column ? value + by : value));

  test('has a gradient that agrees with finite differences', () => {
    const gradient = lossGradient(problem, at);
    gradient.forEach((slope, column) => {
      const difference =
        (penalisedLoss(problem, moved(column, 1e-5)) - penalisedLoss(problem, moved(column, -1e-5))) / 2e-5;
      expect(slope).toBeCloseTo(difference, 4);
    });
  });

  test('has a Hessian that agrees with finite differences of the gradient', () => {
    const hessian = lossHessian(problem, at);
    for (let column = 0; column < problem.width; column += 1) {
      const above = lossGradient(problem, moved(column, 1e-5));
      const below = lossGradient(problem, moved(column, -1e-5));
      above.forEach((value, row) => {
        expect(hessian.get(row, column)).toBeCloseTo((value - below[row]!) / 2e-5, 4);
      });
    }
  });

  test('is finite if a score is far on the wrong side', () => {
    const far = at.map(() => 1e5);
    expect(Number.isFinite(penalisedLoss(problem, far))).toBe(true);
  });
});

/** A problem from a function that draws a row: its label and the values of the columns after the intercept. */
function drawn(
  rows: number,
  l2: number,
  row: (at: number, random: Random) => readonly [label: boolean, ...values: number[]],
): LogisticProblem {
  const random = new Random(11, rows, 0);
  const all = Array.from({ length: rows }, (_, at) => row(at, random));
  const matrix = Float64Array.from(all.flatMap(([, ...values]) => [1, ...values]));
  return {
    matrix,
    width: matrix.length / rows,
    labels: Uint8Array.from(all, ([label]) => Number(label)),
    l2,
  };
}

/** The same rows in another order: the row at `order[k]` moves to position k. */
function inOrder(problem: LogisticProblem, order: readonly number[]): LogisticProblem {
  const { matrix, width, labels } = problem;
  return {
    ...problem,
    matrix: Float64Array.from(order.flatMap((row) => [...matrix.subarray(row * width, (row + 1) * width)])),
    labels: Uint8Array.from(order, (row) => labels[row]!),
  };
}

const logistic = (score: number, random: Random): boolean => random.chance(1 / (1 + Math.exp(-score)));

/** Eight numbers are missing in the same hundred rows, none of which is the first of a group of six. */
const missingTogether = drawn(12_000, 1, (row, random) => {
  const x = random.normal();
  const isMissing = row % 6 !== 0 && row < 120;
  return [
    isMissing ? random.chance(0.1) : logistic(x - 1, random),
    x,
    ...new Array<number>(8).fill(Number(isMissing)),
  ];
});

const optimum = newton(missingTogether);

describe('a fit with its rows in any order', () => {
  const { labels } = missingTogether;
  const rows = Array.from(labels, (_, row) => row);
  const random = new Random(3, 5, 7);
  const keys = rows.map(() => random.uniform());
  const orders: [string, number[]][] = [
    ['that every sixth row misses', rows],
    ['reversed', rows.toReversed()],
    ['of the key as text', rows.toSorted((a, b) => (String(a) < String(b) ? -1 : 1))],
    ['of the label', rows.toSorted((a, b) => labels[a]! - labels[b]!)],
    ['of chance', rows.toSorted((a, b) => keys[a]! - keys[b]!)],
  ];
  test.each(orders)('(%s) ends at the same minimum', (_, order) => {
    const fit = fitNewton(inOrder(missingTogether, order));
    expect(fit.converged).toBe(true);
    expect(distance(fit.coefficients, optimum)).toBeLessThan(1e-6);
  });
});

describe('a fit never ends away from the minimum', () => {
  const wild: [string, (l2: number) => LogisticProblem][] = [
    ['separated classes', (l2) => drawn(5_000, l2, (row) => [row % 2 === 1, row % 2 === 1 ? 1 : -1])],
    [
      'columns of the magnitudes 1e9 and 1e-9',
      (l2) =>
        drawn(5_000, l2, (_, r) => {
          const [large, small] = [r.normal(), r.normal()];
          return [logistic(large + small - 1, r), 1e9 * large, 1e-9 * small];
        }),
    ],
    [
      'a constant and duplicated columns',
      (l2) =>
        drawn(5_000, l2, (_, r) => {
          const x = r.normal();
          return [logistic(x, r), x, x, 2 * x + 1, 3];
        }),
    ],
    ['ten positives', (l2) => drawn(8_000, l2, (row, r) => [row % 800 === 7, r.normal()])],
    [
      'levels of one row each',
      (l2) =>
        drawn(8_000, l2, (row, r) => {
          const x = r.normal();
          const rare = [17, 1_234, 7_999].map((at) => Number(at === row));
          return [row === 17 || (row !== 1_234 && logistic(x, r)), x, ...rare];
        }),
    ],
    [
      'a value a million standard deviations out, on the wrong side',
      (l2) =>
        drawn(8_000, l2, (row, r) => {
          const x = r.normal();
          return [row !== 55 && logistic(x, r), row === 55 ? 1e6 : x];
        }),
    ],
  ];

  describe.each([1, 1e-8])('with l2 %d', (l2) => {
    test.each(wild)('on %s', (_, build) => {
      const problem = build(l2);
      const fit = fitNewton(problem);
      expect(fit.converged).toBe(true);
      // At the minimum no direction descends, neither along a column nor along the Newton step.
      const least = penalisedLoss(problem, fit.coefficients);
      const rounding = 1e-11 * least;
      for (let column = 0; column < problem.width; column += 1) {
        const size = 1 / Math.sqrt(lossHessian(problem, fit.coefficients).get(column, column));
        for (const by of [-0.01 * size, 0.01 * size]) {
          const moved = fit.coefficients.map((value, at) => (at === column ? value + by : value));
          expect(penalisedLoss(problem, moved)).toBeGreaterThanOrEqual(least - rounding);
        }
      }
      // The same holds for gradient descent finished by Newton steps; with a penalty near 0 its tolerance alone is too coarse.
      if (l2 === 1) return;
      const descended = penalisedLoss(problem, fitLogistic(problem).coefficients);
      expect(Math.abs(descended - least)).toBeLessThan(1e-9 * (1 + least));
    });
  });

  test.each([
    ['far out', 60],
    ['where all rows are saturated', 1_000],
    ['where the loss overflows any square', 1e200],
  ])('from a start %s', (_, far) => {
    const start = Float64Array.from({ length: missingTogether.width }, (_, at) => far * (-1) ** at);
    const fit = newtonSteps(missingTogether, start);
    expect(fit.converged).toBe(true);
    expect(distance(fit.coefficients, optimum)).toBeLessThan(1e-6);
  });
});

describe('the sample that a large fit begins with', () => {
  test('has rows of every column and class, each weighted by the rows it represents', () => {
    const problem = drawn(40_000, 1, (row, r) => [
      row % 8_000 === 9,
      r.normal(),
      Number(row === 31_111),
      Number(row % 1_000 === 3),
      row === 5 ? 1e5 : 0,
    ]);
    const sample = sampleProblem(problem)!;
    const sums = new Float64Array(problem.width);
    sample.labels.forEach((_, row) => {
      for (let column = 0; column < problem.width; column += 1)
        sums[column]! += sample.rowWeights![row]! * sample.matrix[row * problem.width + column]! ** 2;
    });
    expect(sample.labels.length).toBeLessThan(2_500);
    expect(sample.labels.reduce((sum, label) => sum + label, 0)).toBe(5);
    expect(sums[2]).toBe(1);
    expect(sums[4]).toBe(1e10);
    expect(Math.abs(sums[0]! / 40_000 - 1)).toBeLessThan(0.05);
    expect(Math.abs(sums[3]! / 40 - 1)).toBeLessThan(0.4);
  });

  test('is undefined for a problem of few rows', () => {
    expect(sampleProblem(generated(3_000, 1))).toBeUndefined();
  });
});
