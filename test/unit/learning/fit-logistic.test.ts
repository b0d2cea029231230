// Logistic regression by gradient descent, checked against the exact optimum.
import { describe, expect, test } from 'vitest';
import { fitLogistic, TOLERANCE } from '../../../domain/learning/solvers/fit-logistic.ts';
import { frameOf, normals, randomOf } from '../drift/frame-of.ts';
import { signalFrame } from './labelled-frame.ts';
import { newton } from './newton.ts';
import { distance, problemOf } from './problem-of.ts';

describe('a logistic fit', () => {
  test.each([0.001, 0.1, 1, 30, 1_000])(
    'reaches the exact optimum of the L2-penalised loss, l2 = %d',
    (l2) => {
      const problem = problemOf(signalFrame(), l2);
      const fit = fitLogistic(problem);
      expect(fit.converged).toBe(true);
      expect(distance(fit.coefficients, newton(problem))).toBeLessThan(1e-4);
    },
  );

  test.each([30, 100, 300, 1_000, 3_000])(
    'reaches the exact optimum if one number almost determines the label, l2 = %d',
    (l2) => {
      const random = randomOf(11);
      const hours = Array.from({ length: 580 }, () => 10 * random());
      const plan = hours.map((_, row) => (row % 3 === 0 ? 'a' : 'b'));
      const labels = hours.map((value) => Number(random() < 1 / (1 + Math.exp(5 - value))));
      const problem = problemOf(frameOf({ hours, plan }, labels), l2);
      for (const classWeights of [undefined, { positive: 20, negative: 1 }]) {
        const fit = fitLogistic({ ...problem, classWeights });
        expect(fit.converged).toBe(true);
        expect(distance(fit.coefficients, newton({ ...problem, classWeights }))).toBeLessThan(1e-4);
      }
    },
  );

  test('reaches the exact optimum without a penalty', () => {
    const random = randomOf(3);
    const x = normals(500, random);
    const labels = Array.from(x, (value) => Number(random() < 1 / (1 + Math.exp(1 - value))));
    const problem = problemOf(frameOf({ x, y: normals(500, random) }, labels), 0);
    const fit = fitLogistic(problem);
    expect(fit.gradientNorm).toBeLessThan(TOLERANCE);
    expect(distance(fit.coefficients, newton(problem))).toBeLessThan(1e-4);
  });

  test('lets linearly dependent columns share their effect, even without a penalty', () => {
    const frame = signalFrame();
    const [signal] = frame.features;
    const twice = { ...frame, features: [...frame.features, { ...signal!, name: 'copy' }] };
    const fit = fitLogistic(problemOf(twice, 0));
    expect(fit.converged).toBe(true);
    expect(fit.coefficients[1]).toBeCloseTo(fit.coefficients.at(-1)!, 8);
    const single = fitLogistic(problemOf(frame, 0));
    expect(2 * fit.coefficients[1]!).toBeCloseTo(single.coefficients[1]!, 4);
  });

  test('finds rare positives, which take more steps', () => {
    const random = randomOf(9);
    const x = normals(3_000, random);
    const labels = Array.from(x, (value) => Number(random() < 1 / (1 + Math.exp(4.5 - value))));
    const problem = problemOf(frameOf({ x }, labels), 1);
    const fit = fitLogistic(problem);
    expect(fit.converged).toBe(true);
    expect(distance(fit.coefficients, newton(problem))).toBeLessThan(1e-3);
  });

  test('is finite with a penalty if all rows of a rare level have the same label', () => {
    const frame = signalFrame();
    const level = frame.labels.map((label, row) => (label === 0 && row < 30 ? 1 : 0));
    const rare = frameOf({ k: [...level].map((is) => (is ? 'rare' : 'usual')) }, [...frame.labels]);
    const fit = fitLogistic(problemOf(rare, 1));
    expect(fit.converged).toBe(true);
    expect(Math.max(...fit.coefficients.map(Math.abs))).toBeLessThan(10);
  });

  test('reports that it did not converge if the classes are separated and there is no penalty', () => {
    const x = Float64Array.from({ length: 200 }, (_, row) => row - 99.5);
    const separated = frameOf(
      { x },
      [...x].map((value) => Number(value > 0)),
    );
    expect(fitLogistic(problemOf(separated, 0))).toMatchObject({ converged: false, separated: true });
  });

  test('is finished by Newton steps if the descent does not converge, and says so', () => {
    const x = Float64Array.from({ length: 2_000 }, (_, row) => (row % 2 === 0 ? 1 : -1));
    const separated = problemOf(
      frameOf(
        { x },
        [...x].map((value) => Number(value > 0)),
      ),
      1e-8,
    );
    const fit = fitLogistic(separated);
    expect(fit).toMatchObject({ converged: true, solver: 'newton' });
    // At the minimum 2,000 · (1 − σ(c)) = 1e-8 · c.
    expect(fit.coefficients[1]! * 1e-8).toBeCloseTo(2_000 / (1 + Math.exp(fit.coefficients[1]!)), 11);
    expect(fitLogistic(problemOf(signalFrame(), 1)).solver).toBe('gradient-descent');
  });

  test('reports progress that never decreases', () => {
    const reported: number[] = [];
    fitLogistic(problemOf(signalFrame(), 1), (fraction) => reported.push(fraction));
    expect(reported.length).toBeGreaterThan(0);
    expect(reported).toEqual([...reported].sort((a, b) => a - b));
    expect(reported.every((fraction) => fraction >= 0 && fraction <= 1)).toBe(true);
  });
});
