// What a report holds of its window, part by part, and a line of each for people.
import { type DriftVerdict } from '../drift/verdict.ts';
import { type Performance } from '../learning/performance.ts';
import { intervalInWords } from './interval.ts';

/** A part that could not be measured, and why. */
export interface Unmeasured {
  readonly measured: false;
  readonly reason: string;
}

/** The window's features against the champion's reference. */
export type DriftPart =
  { readonly measured: true; readonly championVersion: number; readonly verdict: DriftVerdict } | Unmeasured;

/** The champion on the window's evaluation rows. */
export type PerformancePart =
  { readonly measured: true; readonly championVersion: number; readonly realised: Performance } | Unmeasured;

/** A part without a measurement. @example unmeasured('no version is in Production yet') */
export const unmeasured = (reason: string): Unmeasured => ({ measured: false, reason });

/** The verdict in one sentence, or why there is none. */
export const driftInWords = (part: DriftPart): string =>
  part.measured ? part.verdict.reason : `drift was not measured: ${part.reason}`;

/** The realised AUC with its interval and rows, or why there is none. */
export function performanceInWords(part: PerformancePart): string {
  if (!part.measured) return `performance was not measured: ${part.reason}`;
  const { auc, rows } = part.realised;
  return auc === null
    ? `performance: ${rows} labelled holdout rows hold one class only`
    : `performance: version ${part.championVersion} has AUC ${intervalInWords(auc)} on ${rows} holdout rows`;
}
