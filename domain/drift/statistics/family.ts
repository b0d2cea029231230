// Decides all hypotheses of one report together, with p-values adjusted for their number.
import { type Hypothesis } from './hypothesis.ts';

/** The result for a possible change; `not measurable` always comes with a reason and never means stable. */
export type DriftStatus = 'drifted' | 'stable' | 'not measurable';

/** A hypothesis with its verdict, including the threshold and the sizes on which the verdict is based. */
export interface SignalVerdict extends Hypothesis {
  /** Adjusted by Benjamini-Hochberg over all p-values of the report; null if there is no p-value. */
  readonly adjustedP: number | null;
  readonly status: DriftStatus;
}

/**
 * Adjusts the p-values over the whole family and decides each hypothesis. It is drifted if the adjusted p-value is
 * below `alpha` **and** the effect reaches its threshold: the first avoids false alarms in small windows, the second
 * avoids alarms about trifles in large ones. A hypothesis without a p-value is decided by its effect only. Keeps the
 * order.
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
  const isSignificant = adjustedP === null || adjustedP < alpha;
  return isSignificant && effectSize >= threshold ? 'drifted' : 'stable';
}

/**
 * Returns Benjamini-Hochberg adjusted p-values, in the order given; each in [0, 1]. Rejecting those below α limits the
 * expected share of false alarms among all alarms to α.
 *
 * Formula: the running minimum, from the largest, of p·m/rank.
 * Source: Benjamini and Hochberg 1995.
 *
 * @example adjustPValues([0.01, 0.04, 0.03, 0.005, 0.5, 0.2]); // 0.03, 0.06, 0.06, 0.03, 0.5, 0.24
 */
export function adjustPValues(pValues: readonly number[]): number[] {
  const fromLargest = pValues.map((p, index) => ({ p, index })).sort((a, b) => b.p - a.p);
  const adjusted = new Array<number>(pValues.length);
  let smallest = 1;
  fromLargest.forEach(({ p, index }, position) => {
    // Compute the ratio first: it is at least 1, so rounding cannot make the result smaller than p.
    smallest = Math.min(smallest, p * (pValues.length / (pValues.length - position)));
    adjusted[index] = smallest;
  });
  return adjusted;
}
