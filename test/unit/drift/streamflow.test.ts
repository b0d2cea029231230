import { expect, it } from 'vitest';
import { freezeReference } from '../../../domain/data/profile/feature-reference.ts';
import { labelChange } from '../../../domain/drift/statistics/share-change.ts';
import { judgeWindow } from '../../../domain/drift/verdict.ts';
import { profileWindow } from '../../../domain/data/profile/window-profile.ts';
import { describeWith, oracle, relativeError } from './oracles.ts';
import { monthFiles, streamflowMonth } from './streamflow.ts';

const file = 'reference/streamflow_oracle.json';

interface Oracle {
  readonly numeric: string[];
  readonly categorical: string[];
  readonly columns: Record<
    string,
    { null_cur: number; n_cur: number; ks?: { statistic: number; pvalue: number } }
  >;
  readonly label_drift: { chi2: { pvalue: number } };
}

describeWith(
  [file, ...monthFiles('month_000'), ...monthFiles('month_001')],
  'the two months of StreamFlow',
  () => {
    const { numeric, categorical, columns, label_drift } = oracle<Oracle>(file);
    const reference = freezeReference(streamflowMonth('month_000', numeric, categorical));
    const profile = profileWindow(reference, streamflowMonth('month_001', numeric, categorical));
    const verdict = judgeWindow(reference, profile, { share: 0.05 }, [labelChange(reference, profile, 30)]);
    const column = (name: string) => verdict.columns.find((one) => one.column === name);

    it('drift in only one of 14 columns, rebuffer_events_7d', () => {
      expect(verdict.columns).toHaveLength(14);
      expect(verdict.driftedColumns).toEqual(['rebuffer_events_7d']);
      expect(verdict.notMeasurable).toEqual([]);
      expect(verdict.drifted).toBe(true);
      expect(verdict.share).toBeCloseTo(1 / 14, 12);
      expect(judgeWindow(reference, profile, { share: 0.1 }).drifted).toBe(false);
    });

    it('give the effect, its direction, and a PSI in the stable band', () => {
      const drifted = column('rebuffer_events_7d');
      // numpy and scipy: both sides clipped to [0, 7], over the standard deviation of the clipped reference.
      expect(drifted?.signals[0]?.effectSize).toBeCloseTo(0.20454924003876956, 9);
      expect(drifted?.psi?.value).toBeCloseTo(0.036, 3);
      expect(drifted?.signals[0]?.direction).toBe('up');
      expect(drifted?.psi?.band).toBe('stable');
      expect(drifted?.words).toContain('drifted');
    });

    it("agree with scipy's KS in every numeric column: exactly for few distinct values, else within the bounds", () => {
      for (const name of numeric) {
        const expected = columns[name]?.ks;
        const signal = column(name)?.signals[0];
        if (signal?.value == null || signal.valueAtMost === null || expected === undefined)
          throw new Error(name);
        expect(signal.value).toBeLessThanOrEqual(expected.statistic + 1e-12);
        expect(signal.valueAtMost).toBeGreaterThanOrEqual(expected.statistic - 1e-12);
        expect(signal.valueAtMost - signal.value).toBeLessThan(0.001);
        if (signal.value === signal.valueAtMost) {
          expect(relativeError(signal.pValue ?? NaN, expected.pvalue)).toBeLessThan(1e-6);
        }
      }
    });

    it('name the constant column and keep the missing shares', () => {
      expect(column('avg_session_mins_7d')?.constant).toBe('both');
      expect(column('avg_session_mins_7d')?.status).toBe('stable');
      expect(column('plan_stream_tv')?.missing.window).toBeCloseTo(1526 / 7043, 12);
    });

    it('give the change of the label rate in addition to the columns', () => {
      const [label] = verdict.others;
      expect(relativeError(label?.pValue ?? NaN, label_drift.chi2.pvalue)).toBeLessThan(1e-9);
      expect(label?.direction).toBe('down');
      expect(label?.adjustedP).toBeGreaterThan(label?.pValue ?? NaN);
    });
  },
);
