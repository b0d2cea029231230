import { describe, expect, it } from 'vitest';
import {
  chiSquareCritical,
  chiSquareSurvival,
  logGamma,
  normalSurvival,
} from '../../../../domain/data/math/special-functions.ts';
import { fisherExact } from '../../../../domain/data/math/fisher-exact.ts';
import { describeWith, oracle, relativeError } from '../../drift/oracles.ts';

const file = 'reference/special_functions.json';

describeWith([file], 'special functions against scipy', () => {
  const expected = oracle<{
    normal_sf: Record<string, number>;
    chi2_sf: { x: number; dof: number; sf: number }[];
  }>(file);

  it('compute the normal tail with a relative error below 1e-9, even far out', () => {
    const rows = Object.entries(expected.normal_sf);
    expect(rows.length).toBeGreaterThan(10);
    for (const [z, sf] of rows) expect(relativeError(normalSurvival(Number(z)), sf), z).toBeLessThan(1e-9);
  });

  it('compute the chi-square tail with a relative error below 1e-9, for 1 to 1,000 degrees of freedom', () => {
    expect(expected.chi2_sf.length).toBe(80);
    for (const { x, dof, sf } of expected.chi2_sf) {
      expect(relativeError(chiSquareSurvival(x, dof), sf), `${x}, ${dof}`).toBeLessThan(1e-9);
    }
  });
});

describe('special functions', () => {
  it('compute a normal tail that is symmetric around 0', () => {
    expect(normalSurvival(-1.96) + normalSurvival(1.96)).toBeCloseTo(1, 15);
  });

  it('compute ln Γ of whole numbers as the logarithm of factorials', () => {
    let factorial = 1;
    for (let n = 1; n < 100; n++) {
      expect(relativeError(logGamma(n + 1) + 1, Math.log(factorial) + 1)).toBeLessThan(1e-13);
      factorial *= n + 1;
    }
  });

  it('invert the chi-square tail', () => {
    for (const dof of [1, 2, 9, 300]) {
      expect(chiSquareSurvival(chiSquareCritical(0.05, dof), dof)).toBeCloseTo(0.05, 11);
    }
    expect(chiSquareCritical(0.05, 1)).toBeCloseTo(3.841458820694124, 9);
  });

  it("compute Fisher's exact p-value of a small table, and 1 for equal shares", () => {
    expect(fisherExact(8, 10, 4, 10)).toBeCloseTo(0.16980233388902, 12);
    expect(fisherExact(3, 10, 3, 10)).toBeCloseTo(1, 12);
    expect(fisherExact(0, 5_000, 1, 30)).toBeCloseTo(30 / 5_030, 12);
  });
});
