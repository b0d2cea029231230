import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { chiSquareEvidentlyTest } from '../../../domain/drift/statistics/chi-square-evidently.ts';
import { judgeByEvidently } from '../../../domain/drift/evidently/judge-samples.ts';
import { type PandasType } from '../../../domain/drift/evidently/sample.ts';
import {
  histogram,
  psiEvidentlyOfCounts,
  sturgesEdges,
} from '../../../domain/drift/statistics/psi-evidently.ts';
import { type DriftVerdict } from '../../../domain/drift/verdict.ts';
import { wassersteinEvidentlyDistance } from '../../../domain/drift/statistics/wasserstein-evidently.ts';
import { parityCase } from './evidently-columns.ts';
import { frameOf, lattice, normals, randomOf, repeated, type Values } from './frame-of.ts';
import { describeWith, oracle, relativeError } from './oracles.ts';
import { monthFiles, streamflowMonth } from './streamflow.ts';

interface Answer {
  readonly columns: Readonly<Record<string, { method: string; score: number; drifted: boolean }>>;
  readonly share: number;
  readonly drifted: boolean;
}

const recorded = JSON.parse(
  readFileSync(new URL('evidently-expected.json', import.meta.url), 'utf8'),
) as Record<string, Answer>;

const reference = lattice(500, 0, 10);
const current = lattice(400, 1, 11);

describe("Evidently's versions of the statistics", () => {
  it('match known values', () => {
    const edges = sturgesEdges(reference, current) ?? new Float64Array();
    expect(edges).toHaveLength(12);
    expect([edges[0], edges[11]]).toEqual([0, 10.975]);
    const psi = psiEvidentlyOfCounts(histogram(edges, reference), histogram(edges, current));
    expect(relativeError(psi, 1.073503412316909)).toBeLessThan(1e-9);
    const distance = wassersteinEvidentlyDistance(reference, current) ?? NaN;
    expect(relativeError(distance, 0.34554482720033647)).toBeLessThan(1e-9);
    expect(psiEvidentlyOfCounts([50, 30, 20, 0], [40, 30, 25, 5])).toBeCloseTo(0.3435804768, 10);
    expect(chiSquareEvidentlyTest([50, 30, 20], [40, 35, 25])?.pValue).toBeCloseTo(0.1298121769, 10);
  });

  it('have two defects that ours do not: one new row gives p = 0, and one outlier hides a shift', () => {
    expect(chiSquareEvidentlyTest([500, 500, 0], [500, 499, 1])).toMatchObject({
      value: Infinity,
      pValue: 0,
    });
    const random = randomOf(5);
    const [a, b] = [normals(5_000, random), normals(5_000, random, 1)];
    a[0] = 1e6;
    expect(wassersteinEvidentlyDistance(a, b)).toBeLessThan(0.1);
    const edges = sturgesEdges(a, b) ?? new Float64Array();
    expect(psiEvidentlyOfCounts(histogram(edges, a), histogram(edges, b))).toBeLessThan(0.001);
  });

  it('return null instead of NaN or infinity', () => {
    expect(wassersteinEvidentlyDistance(new Float64Array(), current)).toBeNull();
    const huge = Float64Array.of(1e308, -1e308);
    expect(wassersteinEvidentlyDistance(huge, Float64Array.of(1e308, 1e308))).toBeNull();
    expect(sturgesEdges(huge, huge)).toBeNull();
    expect(chiSquareEvidentlyTest([], [])).toBeNull();
    expect(chiSquareEvidentlyTest([4], [9])).toMatchObject({ pValue: 1 });
  });

  it('use bins at least 1 wide for integers, as numpy does', () => {
    const whole = Float64Array.from({ length: 5_000 }, (_, i) => i % 12);
    expect(sturgesEdges(whole, whole, { integers: true })).toHaveLength(12);
    expect(sturgesEdges(whole, whole)).toHaveLength(16);
    expect([...(sturgesEdges(Float64Array.of(3), Float64Array.of(3)) ?? [])]).toEqual([2.5, 3.5]);
  });
});

describe("preset 'evidently'", () => {
  it.each(Object.entries(recorded))(
    'chooses the same tests, scores and verdicts as Evidently: %s rows',
    (sizes, answer) => {
      const [referenceRows = 0, windowRows = 0] = sizes.split('/').map(Number);
      const verdict = judgeByEvidently(parityCase(referenceRows, windowRows), { share: 0.5 });
      expect(verdict.preset).toBe('evidently');
      expect(verdict.share).toBeCloseTo(answer.share, 12);
      expect(verdict.drifted).toBe(answer.drifted);
      for (const column of verdict.columns) {
        const expected = answer.columns[column.column];
        if (expected === undefined || expected.method.includes('text content')) {
          expect(column.status).toBe('not measurable');
          continue;
        }
        const [signal] = column.signals;
        expect(column.words).toContain(expected.method);
        expect(relativeError(signal?.pValue ?? signal?.value ?? NaN, expected.score)).toBeLessThan(1e-6);
        expect(column.status).toBe(expected.drifted ? 'drifted' : 'stable');
      }
    },
  );

  const judge = (a: Values, b: Values, type?: PandasType): DriftVerdict => {
    const samples = { reference: frameOf({ x: a }), window: frameOf({ x: b }) };
    const verdict = judgeByEvidently({ ...samples, ...(type && { types: { x: type } }) }, { share: 0.5 });
    expect(JSON.parse(JSON.stringify(verdict))).toEqual(verdict);
    return verdict;
  };

  it('chooses the test by the type and values of the current side, and by the size of the reference', () => {
    const digits = Array.from({ length: 3_000 }, (_, i) => i % 10);
    const statisticOf = (verdict: DriftVerdict) => verdict.columns[0]?.signals[0]?.statistic;
    expect(statisticOf(judge(digits, digits, 'int'))).toBe('jensenshannon');
    expect(statisticOf(judge(digits, digits))).toBe('wasserstein_evidently');
    expect(statisticOf(judge(digits, [...digits, NaN], 'int'))).toBe('wasserstein_evidently');
    expect(statisticOf(judge(digits.slice(0, 1_000), digits))).toBe('ks');
    expect(statisticOf(judge(digits.slice(0, 1_000), digits, 'int'))).toBe('chisquare_evidently');
    expect(statisticOf(judge(repeated([0, 50], [1, 50]), repeated([0, 40], [1, 60])))).toBe('z');
    expect(statisticOf(judge(repeated(['a', 1_001]), repeated(['a', 9])))).toBe('jensenshannon');
  });

  it('shows enough digits to tell on which side of its threshold a score lies', () => {
    const a = lattice(2_000, 0, 10);
    const sd = (10 / 2_000) * Math.sqrt((2_000 ** 2 - 1) / 12);
    const words = (moved: number) => judge(a, a.map((x) => x + moved * sd)).columns[0]?.words; // prettier-ignore
    expect(words(0.09998)).toBe('stable: Wasserstein distance (normed) 0.09998, below 0.1');
    expect(words(0.10002)).toBe('drifted: Wasserstein distance (normed) 0.10002, at least 0.1');
    expect(words(0.31234)).toBe('drifted: Wasserstein distance (normed) 0.312, at least 0.1');
  });

  it('is drifted if the share of drifted columns reaches that of the policy, or if a critical column drifted', () => {
    const [a, b] = [repeated(['a', 60], ['b', 40]), repeated(['a', 45], ['b', 55])];
    const samples = { reference: frameOf({ x: a, y: a }), window: frameOf({ x: b, y: a }) };
    expect(judgeByEvidently(samples, { share: 0.5 })).toMatchObject({ drifted: true, share: 0.5 });
    expect(judgeByEvidently(samples, { share: 0.51 }).drifted).toBe(false);
    expect(judgeByEvidently(samples, { share: 0.9, critical: ['x'] })).toMatchObject({
      drifted: true,
      criticalColumns: ['x'],
    });
  });

  it.each<[string, Values, Values, RegExp]>([
    ['an empty window', [1, 2, 3], new Float64Array(), /the window has no values/],
    ['a window without a finite value', [1, 2, 3], [NaN, Infinity], /the window has no values/],
    ['an empty reference', new Float64Array(), [1, 2, 3], /the reference has no values/],
    ['a column that changed its type', [1, 2, 3], ['a', 'b'], /was numeric in the reference and is category/],
    ['free text', ['a', 'b', 'c'], ['d', 'e', 'f'], /free text/],
    [
      '±1e308',
      repeated([1e308, 600], [-1e308, 600], [1, 1], [2, 1], [3, 1], [4, 1]),
      [1e308, -1e308],
      /overflows/,
    ],
  ])('is not measurable, with a reason, for %s', (_, a, b, reason) => {
    const verdict = judge(a, b);
    expect(verdict).toMatchObject({ status: 'not measurable', drifted: false, notMeasurable: ['x'] });
    expect(verdict.columns[0]?.reason).toMatch(reason);
    expect(verdict.columns[0]?.words).toMatch(/^not measurable: /);
  });

  it('reports a vanished column as not measurable, and ignores a new one', () => {
    const verdict = judgeByEvidently(
      { reference: frameOf({ x: [1, 2] }), window: frameOf({ y: [1, 2] }) },
      { share: 0.5 },
    );
    expect(verdict.columns).toHaveLength(1);
    expect(verdict.columns[0]?.reason).toMatch(/missing from the window/);
  });

  it('handles a single row, a single value, disjoint categories and identical samples', () => {
    expect(judge([1], [1]).status).toBe('stable');
    expect(judge([1], [2]).status).toBe('stable');
    expect(judge(repeated(['a', 40]), repeated(['b', 40])).status).toBe('drifted');
    expect(judge(repeated([7, 50]), repeated([7, 50])).columns[0]).toMatchObject({ constant: 'both' });
    expect(judge(reference, reference).status).toBe('stable');
  });
});

const file = 'reference/streamflow_oracle.json';
interface Oracle {
  readonly numeric: string[];
  readonly categorical: string[];
  readonly columns: Record<
    string,
    {
      psi_evidently: { value: number };
      evidently_auto: { display_name: string; value: number; drifted: boolean };
    }
  >;
}

describeWith(
  [file, ...monthFiles('month_000'), ...monthFiles('month_001')],
  "the two months of StreamFlow under preset 'evidently'",
  () => {
    it('get the same verdicts and PSI as from Evidently', () => {
      const { numeric, categorical, columns } = oracle<Oracle>(file);
      const verdict = judgeByEvidently(
        {
          reference: streamflowMonth('month_000', numeric, categorical),
          window: streamflowMonth('month_001', numeric, categorical),
        },
        { share: 0.5 },
      );
      expect(verdict.columns).toHaveLength(14);
      expect(verdict).toMatchObject({ drifted: false, driftedColumns: ['rebuffer_events_7d'] });
      for (const { column, signals, words, status, psi } of verdict.columns) {
        const { evidently_auto: expected, psi_evidently } = columns[column]!;
        expect(words).toContain(expected.display_name);
        expect(Math.abs((signals[0]?.value ?? NaN) - expected.value)).toBeLessThan(1e-9);
        expect(status === 'drifted').toBe(expected.drifted);
        if (psi) expect(Math.abs(psi.value - psi_evidently.value)).toBeLessThan(1e-9);
      }
    });
  },
);
