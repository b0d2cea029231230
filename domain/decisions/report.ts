// What a report holds of its window, part by part, and a line of each for people.
import { type DriftVerdict } from '../drift/verdict.ts';
import { type Performance } from '../learning/metrics/performance.ts';
import { type EstimatedPerformance, type NotEstimated } from '../performance/estimate-performance.ts';
import { type LabelCounts } from '../performance/label-counts.ts';
import { fixed } from '../numbers-in-words.ts';
import { intervalInWords } from '../data/math/interval.ts';
import { type Failed, failedInWords, type JudgementName } from '../judgements.ts';

/** A part that could not be measured, and why. */
export interface Unmeasured {
  readonly measured: false;
  readonly reason: string;
  /** Set if it was due and could not be made; absent if it was not due. */
  readonly failed?: Failed;
}

/** The window's features against the champion's reference. */
export type DriftPart =
  { readonly measured: true; readonly championVersion: number; readonly verdict: DriftVerdict } | Unmeasured;

/** The champion on the window's holdout rows: realised where labels have come, estimated where they have not. */
export interface MeasuredPerformance {
  readonly measured: true;
  readonly championVersion: number;
  /** On rows with a mature label; null where there is none. */
  readonly realised: Performance | null;
  /** On rows without one; absent in reports from before it was measured. */
  readonly estimated?: EstimatedPerformance | NotEstimated;
  /** Labels of all rows of the window, and of its holdout rows; absent in reports from before they were counted. */
  readonly labels?: { readonly window: LabelCounts; readonly holdout: LabelCounts };
}

/** Performance of a window. */
export type PerformancePart = MeasuredPerformance | Unmeasured;

/** A part without a measurement. @example unmeasured('no version is in Production yet') */
export const unmeasured = (reason: string): Unmeasured => ({ measured: false, reason });

/** A part that was due and could not be measured. */
export const notMade = (name: JudgementName, failed: Failed): Unmeasured => ({
  measured: false,
  reason: failedInWords(name, failed),
  failed,
});

/** The verdict in one sentence, or why there is none. */
export const driftInWords = (part: DriftPart): string =>
  part.measured ? part.verdict.reason : `drift was not measured: ${part.reason}`;

/** The realised AUC with its interval and rows, and the estimated one with its caveat; or why there is none. */
export function performanceInWords(part: PerformancePart): string {
  if (!part.measured) return `performance was not measured: ${part.reason}`;
  const estimated = part.estimated?.measured ? `; ${estimateInWords(part.estimated)}` : '';
  return `performance: ${realisedInWords(part)}${estimated}`;
}

function realisedInWords({ championVersion, realised }: MeasuredPerformance): string {
  if (realised === null) return 'no holdout row has a mature label';
  const { auc, rows } = realised;
  return auc === null
    ? `${rows} labelled holdout rows hold one class only`
    : `version ${championVersion} has AUC ${intervalInWords(auc)} on ${rows} holdout rows`;
}

/** "AUC 0.701 (0.662 to 0.740) without labels on 1,400 rows, an alarm below 0.712 (estimated …)" */
export function estimateInWords({ auc, rows, caveat }: EstimatedPerformance): string {
  if (auc === null) return `no AUC can be estimated on ${rows} rows without a label`;
  const [value, low, high, least, greatest] = fixed([auc.value, auc.low, auc.high, auc.least, auc.greatest]);
  const verdict = auc.alarm ? 'outside' : 'within';
  return (
    `AUC ${value} (${low} to ${high}) without labels on ${rows} rows, ${verdict} ` +
    `${least} to ${greatest} (${caveat})`
  );
}
