// McNemar's test against reference p-values.
import { describe, expect, test } from 'vitest';
import { mcnemar } from '../../../domain/learning/metrics/mcnemar.ts';

describe("McNemar's test", () => {
  test('has the reference p-values for 5 against 15', () => {
    const { exact, midP, chiSquare } = mcnemar(5, 15);
    // 1 + 20 + 190 + 1,140 + 4,845 + 15,504 of the 2^20 outcomes are in one tail.
    expect(exact).toBeCloseTo((2 * 21_700) / 2 ** 20, 12);
    expect(midP).toBeCloseTo(0.02660369873, 10);
    expect(chiSquare).toBeCloseTo(0.02534731868, 10);
  });

  test('does not depend on which classifier comes first', () => {
    expect(mcnemar(15, 5)).toEqual({ ...mcnemar(5, 15), onlyFirst: 15, onlySecond: 5 });
  });

  test('finds no difference if the classifiers agree on every row or each wins equally many', () => {
    expect(mcnemar(0, 0)).toMatchObject({ exact: 1, midP: 1, chiSquare: 1 });
    expect(mcnemar(7, 7)).toMatchObject({ exact: 1, chiSquare: 1 });
    expect(mcnemar(7, 7).midP).toBeLessThanOrEqual(1);
  });

  test('returns a probability for thousands of rows', () => {
    const { exact, midP } = mcnemar(40_000, 41_000);
    expect(exact).toBeGreaterThan(0);
    expect(midP).toBeLessThan(exact);
    expect(exact).toBeLessThan(0.001);
  });
});
