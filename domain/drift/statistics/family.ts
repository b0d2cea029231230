// Judging all hypotheses of one report together.
import { type Hypothesis } from './hypothesis.ts';

/** What is known of a change; `not measurable` always comes with a reason and never means stable. */
export type DriftStatus = 'drifted' | 'stable' | 'not measurable';

/** A hypothesis with its verdict; the threshold and the sizes it was judged by travel with it. */
export interface SignalVerdict extends Hypothesis {
  /** Benjamini-Hochberg over all p-values of the report; null where there is no p-value. */
  readonly adjustedP: number | null;
  readonly status: DriftStatus;
}

/**
 * Adjusts the p-values over the whole family and judges each hypothesis: drifted when the adjusted p is below `alpha`
 * **and** the effect reaches its threshold, so that 50 rows do not cry wolf and a million do not flag trifles. A
 * hypothesis without a p-value is judged by its effect. The order is kept.
 *
 * @example judgeFamily(hypotheses, 0.05).filter(({ status }) => status === 'drifted')
 */
export function judgeFamily(hypotheses: readonly Hypothesis[], alpha: number): SignalVerdict[] {
  const tested = hypotheses.filter(({ pValue }) => pValue !== null);
  const adjusted = adjustPValues(tested.map(({ pValue }) => pValue ?? 1));
  const adjustedOf = new Map(tested.map((hypothesis, index) => [hypothesis, adjusted[index] ?? 1]));
  return hypotheses.map((hypothesis) => {
    const adjustedP = adjustedOf.get(hypothesis) ?? null;
    return { ...hypothesis, adjustedP, status: statusOf(hypothesis, adjustedP, alpha) };
  });
}

function statusOf(hypothesis: Hypothesis, adjustedP: number | null, alpha: number): DriftStatus {
  const { reason, effectSize, threshold } = hypothesis;
  if (reason !== null || effectSize === null) return 'not measurable';
  const sure = adjustedP === null || adjustedP < alpha;
  return sure && effectSize >= threshold ? 'drifted' : 'stable';
}

/**
 * Benjamini-Hochberg adjusted p-values, in the order given; each in [0, 1]. Rejecting those below α keeps the expected
 * share of false alarms among all alarms at α.
 *
 * Formula: the running minimum, from the largest, of p·m/rank.
 * Source: Benjamini and Hochberg 1995.
 *
 * @example adjustPValues([0.01, 0.04, 0.03, 0.005, 0.5, 0.2]); // 0.03, 0.06, 0.06, 0.03, 0.5, 0.24
 */
export function adjustPValues(pValues: readonly number[]): number[] {
  const fromLargest = pValues.map((p, index) => ({ p, index })).sort((a, b) => b.p - a.p);
  const adjusted = new Array<number>(pValues.length);
  let least = 1;
  fromLargest.forEach(({ p, index }, position) => {
    // The ratio first: it is at least 1, so rounding cannot put the result below p.
    least = Math.min(least, p * (pValues.length / (pValues.length - position)));
    adjusted[index] = least;
  });
  return adjusted;
}
