// Summaries of numeric columns, compared with the exact statistics of the values.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NumericSummariser, type NumericSummary } from '../../../../domain/data/stats/numeric-summary.ts';

function summaryOf(values: readonly number[], pieces = 1): NumericSummary {
  const summariser = new NumericSummariser();
  const size = Math.max(1, Math.ceil(values.length / pieces));
  for (let at = 0; at < values.length; at += size)
    summariser.add(Float64Array.from(values.slice(at, at + size)));
  return summariser.summary();
}

const finite = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e12, max: 1e12 });

describe('a summary', () => {
  test('keeps its precision if all values are near 1e15', () => {
    const near = Array.from({ length: 5_000 }, (_, row) => (row * 7_919) % 41);
    const { mean, sd } = summaryOf(near);
    const far = summaryOf(near.map((value) => value + 1e15));
    expect((far.mean ?? NaN) - 1e15).toBeCloseTo(mean ?? NaN, 0);
    expect(far.sd).toBeCloseTo(sd ?? NaN, 9);
  });

  test('has the extremes, mean and standard deviation of the values, however they are divided into chunks', () => {
    fc.assert(
      fc.property(
        fc.array(finite, { minLength: 1, maxLength: 200 }),
        fc.integer({ min: 1, max: 7 }),
        (values, pieces) => {
          const { min, max, mean, sd } = summaryOf(values, pieces);
          const exact = values.reduce((sum, value) => sum + value, 0) / values.length;
          const variance = values.reduce((sum, value) => sum + (value - exact) ** 2, 0) / values.length;
          const scale = Math.max(1, ...values.map(Math.abs));
          expect([min, max]).toEqual([Math.min(...values) + 0, Math.max(...values) + 0]);
          expect(Math.abs((mean ?? NaN) - exact)).toBeLessThanOrEqual(1e-9 * scale);
          expect(Math.abs((sd ?? NaN) - Math.sqrt(variance))).toBeLessThanOrEqual(1e-7 * scale);
        },
      ),
    );
  });

  test('has each quantile within 1.6 % of the value at its rank', () => {
    fc.assert(
      fc.property(fc.array(finite, { minLength: 1, maxLength: 300 }), (values) => {
        const sorted = Float64Array.from(values).sort();
        for (const { share, value } of summaryOf(values).quantiles) {
          const exact = sorted[Math.ceil(share * values.length) - 1] ?? NaN;
          expect(Math.abs(value - exact)).toBeLessThanOrEqual(0.016 * Math.abs(exact) + 1e-300);
        }
      }),
    );
  });

  test('has the exact quantiles of small whole numbers, such as counts', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -63, max: 63 }), { minLength: 1, maxLength: 300 }), (values) => {
        const sorted = Float64Array.from(values).sort();
        for (const { share, value } of summaryOf(values).quantiles)
          expect(value + 0).toBe((sorted[Math.ceil(share * values.length) - 1] ?? NaN) + 0);
      }),
    );
  });

  test('counts missing and infinite values separately', () => {
    expect(summaryOf([1, NaN, Infinity, 3, -Infinity, NaN])).toMatchObject({
      rows: 6,
      missing: 2,
      infinite: 2,
      min: 1,
      max: 3,
      mean: 2,
      sd: 1,
    });
  });

  test('has null for statistics that are unknown: without values, with only missing ones, or if the sum overflows', () => {
    const nothing = { min: null, max: null, mean: null, sd: null, quantiles: [] };
    expect(summaryOf([])).toMatchObject({ rows: 0, ...nothing });
    expect(summaryOf([NaN, NaN])).toMatchObject({ rows: 2, missing: 2, ...nothing });
    const huge = summaryOf([-1.7e308, 1.7e308, 1.7e308]);
    expect(huge).toMatchObject({ min: -1.7e308, max: 1.7e308, sd: null });
    for (const { value } of huge.quantiles) expect(Math.abs(value)).toBeLessThanOrEqual(1.7e308);
  });
});
