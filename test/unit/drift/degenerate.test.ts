import { expect, it } from 'vitest';
import { chiSquareTest } from '../../../domain/drift/statistics/chi-square.ts';
import { fisherExact } from '../../../domain/data/math/fisher-exact.ts';
import { freezeReference } from '../../../domain/data/profile/feature-reference.ts';
import { jensenShannonDistance } from '../../../domain/drift/statistics/jensen-shannon.ts';
import { ksTest } from '../../../domain/drift/statistics/ks.ts';
import { judgeWindow } from '../../../domain/drift/verdict.ts';
import { wassersteinDistance } from '../../../domain/drift/statistics/wasserstein.ts';
import { profileWindow } from '../../../domain/data/profile/window-profile.ts';
import { frameOf, type Values } from './frame-of.ts';
import { describeWith, oracle, relativeError } from './oracles.ts';

const file = 'reference/degenerate_two_sample.json';

interface Result {
  readonly statistic?: number;
  readonly value?: number;
  readonly pvalue?: number;
  readonly fisher_exact_pvalue?: number;
  readonly warnings?: readonly string[];
}
interface Case<T> {
  readonly ref: readonly (T | null)[];
  readonly cur: readonly (T | null)[];
  readonly expected: Readonly<Record<string, Result>>;
}

describeWith([file], 'degenerate samples', () => {
  const cases = oracle<{
    numerical: Record<string, Case<number>>;
    categorical: Record<string, Case<string>>;
  }>(file);
  const numerical = Object.entries(cases.numerical).filter(([, one]) => 'ref' in one);
  const categorical = Object.entries(cases.categorical).filter(([, one]) => 'ref' in one);

  it('are numerous enough', () => {
    expect(numerical.length).toBeGreaterThan(20);
    expect(categorical.length).toBeGreaterThan(12);
  });

  it.each(numerical)('of numbers agree with scipy: %s', (_, { ref, cur, expected }) => {
    const [a, b] = [numbersOf(ref), numbersOf(cur)];
    const { ks, wasserstein_raw: w1 } = expected;
    const test = ksTest(a, b);
    if (ks?.statistic === undefined || Number.isNaN(ks.statistic)) {
      expect(test).toBeNull();
    } else {
      expect(test?.d).toBeCloseTo(ks.statistic, 12);
      // For an exact result of 1.0000000000000002 scipy warns and falls back to the asymptotic one; the exact one is 1.
      const gaveUp =
        ks.warnings?.some((warning) => warning.includes('Exact calculation unsuccessful')) ?? false;
      expect(relativeError(test?.pValue ?? NaN, gaveUp ? 1 : (ks.pvalue ?? NaN))).toBeLessThan(1e-6);
    }
    if (w1?.value !== undefined && !Number.isNaN(w1.value)) {
      const distance = wassersteinDistance(a, b) ?? NaN;
      if (Number.isFinite(w1.value))
        expect(Math.abs(distance - w1.value)).toBeLessThanOrEqual(1e-9 * Math.abs(w1.value));
      else expect(distance).toBe(w1.value);
    }
  });

  it.each(categorical)('of categories agree with scipy: %s', (_, { ref, cur, expected }) => {
    const names = [...new Set([...ref, ...cur])].filter((name) => name !== null);
    const count = (values: readonly (string | null)[]): number[] =>
      names.map((name) => values.filter((value) => value === name).length);
    const { chi2_contingency: table, js_distance_evidently_ln: js } = expected;
    const [a, b] = [count(ref), count(cur)];
    // There is no table if there is only one category or a side is empty.
    const test = chiSquareTest(a, b, { rareBelow: 0 });
    if (test === null) {
      expect(table?.statistic ?? 0).toBe(0);
    } else {
      expect(test.value).toBeCloseTo(table?.statistic ?? NaN, 9);
      expect(relativeError(test.pValue, table?.pvalue ?? NaN)).toBeLessThan(1e-6);
      if (js?.value !== undefined && names.length <= 20)
        expect(jensenShannonDistance(a, b)).toBeCloseTo(js.value, 3);
    }
    if (table?.fisher_exact_pvalue !== undefined) {
      const [sizeA, sizeB] = [a, b].map((counts) => counts.reduce((sum, n) => sum + n, 0)) as [
        number,
        number,
      ];
      const exact = fisherExact(a[0] ?? 0, sizeA, b[0] ?? 0, sizeB);
      expect(relativeError(exact, table.fisher_exact_pvalue)).toBeLessThan(1e-9);
    }
  });

  it.each([...numerical, ...categorical])('give a definite verdict in plain JSON: %s', (_, { ref, cur }) => {
    const asValues = (
      values: readonly (number | string | null)[],
      like: readonly (number | string | null)[],
    ): Values =>
      like.some((value) => typeof value === 'string')
        ? values.map((value) => (value === null ? null : String(value)))
        : numbersOf(values as (number | null)[]);
    const reference = freezeReference(frameOf({ x: asValues(ref, [...ref, ...cur]) }));
    const profile = profileWindow(reference, frameOf({ x: asValues(cur, [...ref, ...cur]) }));
    for (const minRows of [1, 30]) {
      const verdict = judgeWindow(reference, profile, { share: 0.5, minRows });
      // JSON turns NaN and infinities into null, so this fails if there are any.
      expect(JSON.parse(JSON.stringify(verdict))).toEqual(verdict);
      const [column] = verdict.columns;
      expect(['drifted', 'stable', 'not measurable']).toContain(column?.status);
      expect(column?.reason === null).toBe(column?.status !== 'not measurable');
    }
  });
});

const numbersOf = (values: readonly (number | null)[]): Float64Array =>
  Float64Array.from(values, (value) => value ?? NaN);
