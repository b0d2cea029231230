import { describe, expect, test } from 'vitest';
import { fitLogistic } from '../../../domain/learning/fit-logistic.ts';
import { fitNewton, NEWTON_TOLERANCE } from '../../../domain/learning/fit-newton.ts';
import { lossGradient, penalisedLoss, thinned } from '../../../domain/learning/logistic-problem.ts';
import { lossHessian } from '../../../domain/learning/loss-hessian.ts';
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

  test.each([0.001, 1, 1_000])('has the penalty in its optimum, l2 = %d', (l2) => {
    const problem = generated(5_000, l2);
    expect(distance(fitNewton(problem).coefficients, newton(problem))).toBeLessThan(1e-6);
  });

  test('finds what gradient descent finds', () => {
    const problem = problemOf(signalFrame(), 1);
    expect(distance(fitNewton(problem).coefficients, fitLogistic(problem).coefficients)).toBeLessThan(1e-4);
  });

  test('finds rare positives, of which a sample may hold none', () => {
    const problem = generated(20_000, 1, -7);
    const fit = fitNewton(problem);
    expect(fit.converged).toBe(true);
    expect(distance(fit.coefficients, newton(problem))).toBeLessThan(1e-6);
  });

  test('converges where columns depend on each other and nothing is penalised', () => {
    const frame = signalFrame();
    const [signal] = frame.features;
    const twice = { ...frame, features: [...frame.features, { ...signal!, name: 'copy' }] };
    const fit = fitNewton(problemOf(twice, 0));
    expect(fit.converged).toBe(true);
    const single = fitNewton(problemOf(frame, 0));
    expect(fit.coefficients[1]! + fit.coefficients.at(-1)!).toBeCloseTo(single.coefficients[1]!, 5);
    expect(Math.max(...fit.coefficients.map(Math.abs))).toBeLessThan(100);
  });

  test('converges where a value lies far out', () => {
    const problem = generated(4_000, 1);
    problem.matrix[problem.width + 1] = 1e6;
    const fit = fitNewton(problem);
    expect(fit.converged).toBe(true);
    expect(fit.coefficients.every(Number.isFinite)).toBe(true);
  });

  test('does not claim an optimum where the classes are separated and nothing is penalised', () => {
    const x = Float64Array.from({ length: 400 }, (_, row) => row - 199.5);
    const fit = fitNewton(
      problemOf(
        frameOf(
          { x },
          [...x].map((value) => Number(value > 0)),
        ),
        0,
      ),
    );
    expect(Math.abs(fit.coefficients[1]!)).toBeGreaterThan(100);
    expect(fit.converged && fit.gradientNorm >= NEWTON_TOLERANCE).toBe(false);
  });

  test('gives the same bits again', () => {
    const problem = generated(9_000, 1);
    expect(fitNewton(problem).coefficients).toEqual(fitNewton(problem).coefficients);
  });
});

describe('the loss of a problem', () => {
  const problem = generated(203, 2);
  const at = Float64Array.from({ length: problem.width }, (_, column) => 0.3 - 0.2 * column);
  const moved = (column: number, by: number): Float64Array =>
    at.map((value, index) => (index === column ? value + by : value));

  test('has the gradient that differences of it give', () => {
    const gradient = lossGradient(problem, at);
    gradient.forEach((slope, column) => {
      const difference =
        (penalisedLoss(problem, moved(column, 1e-5)) - penalisedLoss(problem, moved(column, -1e-5))) / 2e-5;
      expect(slope).toBeCloseTo(difference, 4);
    });
  });

  test('has the Hessian that differences of its gradient give', () => {
    const hessian = lossHessian(problem, at);
    for (let column = 0; column < problem.width; column += 1) {
      const above = lossGradient(problem, moved(column, 1e-5));
      const below = lossGradient(problem, moved(column, -1e-5));
      above.forEach((value, row) => {
        expect(hessian.get(row, column)).toBeCloseTo((value - below[row]!) / 2e-5, 4);
      });
    }
  });

  test('is finite where a score is far on the wrong side', () => {
    const far = at.map(() => 1e5);
    expect(Number.isFinite(penalisedLoss(problem, far))).toBe(true);
  });

  test('is thinned to every n-th row with as much less of the penalty', () => {
    const part = thinned(problem, 4);
    expect(part.labels).toEqual(problem.labels.filter((_, row) => row % 4 === 0));
    expect(part.l2).toBeCloseTo((2 * 51) / 203, 12);
    expect(thinned(problem, 1)).toBe(problem);
  });
});
