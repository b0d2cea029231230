// The parts of a report, and a one-line summary of each.
import { type DriftVerdict } from '../drift/verdict.ts';
import { type Performance } from '../learning/metrics/performance.ts';
import { type EstimatedPerformance, type NotEstimated } from '../performance/estimate-performance.ts';
import { type LabelCounts } from '../performance/label-counts.ts';
import { fixed } from '../format-numbers.ts';
import { formatInterval } from '../data/math/interval.ts';
import { type Failed, describeFailedJudgement, type JudgementName } from '../judgements.ts';

/** A part of a report that was not measured, and why. */
export interface Unmeasured {
  readonly measured: false;
  readonly reason: string;
  /** Present if the part was due and could not be measured; absent if it was not due. */
  readonly failed?: Failed;
}

/** Drift of the window's features from the champion's reference. */
export type DriftPart =
  { readonly measured: true; readonly championVersion: number; readonly verdict: DriftVerdict } | Unmeasured;

/** The champion on the window's holdout rows: realised on labelled rows, estimated on the others. */
export interface MeasuredPerformance {
  readonly measured: true;
  readonly championVersion: number;
  /** On rows with a mature label; null if there are none. */
  readonly realised: Performance | null;
  /** On rows without a mature label; absent in reports that were written before it was measured. */
  readonly estimated?: EstimatedPerformance | NotEstimated;
  /**
   * Labels of all rows of the window and of its holdout rows; absent in reports that were written before they were
   * counted.
   */
  readonly labels?: { readonly window: LabelCounts; readonly holdout: LabelCounts };
}

/** Performance of a window. */
export type PerformancePart = MeasuredPerformance | Unmeasured;

/** Returns a part of a report that was not due. @example unmeasured('no version is in Production yet') */
export const unmeasured = (reason: string): Unmeasured => ({ measured: false, reason });

/** Returns a part of a report that was due and could not be measured. */
export const notMade = (name: JudgementName, failed: Failed): Unmeasured => ({
  measured: false,
  reason: describeFailedJudgement(name, failed),
  failed,
});

/** Returns the verdict in one sentence, or why there is none. */
export const describeDrift = (part: DriftPart): string =>
  part.measured ? part.verdict.reason : `drift was not measured: ${part.reason}`;

/**
 * Describes the realised AUC with its interval and rows, and the estimated AUC with its caveat; or why there is none.
 */
export function describePerformance(part: PerformancePart): string {
  if (!part.measured) return `performance was not measured: ${part.reason}`;
  const estimated = part.estimated?.measured ? `; ${describeEstimate(part.estimated)}` : '';
  return `performance: ${describeRealised(part)}${estimated}`;
}

function describeRealised({ championVersion, realised }: MeasuredPerformance): string {
  if (realised === null) return 'no holdout row has a mature label';
  const { auc, rows } = realised;
  return auc === null
    ? `${rows} labelled holdout rows contain only one class`
    : `version ${championVersion} has AUC ${formatInterval(auc)} on ${rows} holdout rows`;
}

/**
 * Describes an estimate.
 *
 * @example describeEstimate(estimated) // 'AUC 0.701 (0.662 to 0.740) without labels on 1400 rows, outside 0.712 to 0.801 (…)'
 */
export function describeEstimate({ auc, rows, caveat }: EstimatedPerformance): string {
  if (auc === null) return `no AUC could be estimated on ${rows} rows without a label`;
  const [value, low, high, least, greatest] = fixed([auc.value, auc.low, auc.high, auc.least, auc.greatest]);
  const verdict = auc.alarm ? 'outside' : 'within';
  return (
    `AUC ${value} (${low} to ${high}) without labels on ${rows} rows, ${verdict} ` +
    `${least} to ${greatest} (${caveat})`
  );
}
