// The temporal holdout: the recipe is trained on what was known by a cutoff time and tested on holdout clusters
// after it.
import { dayOf } from '../model/window.ts';
import { type SideBySide } from '../learning/compare/side-by-side.ts';
import { type Interval } from '../data/math/interval.ts';
import { describeFailedJudgement, type JudgementState } from '../judgements.ts';
import { MIN_CLUSTERS } from '../data/math/class-clusters.ts';

/** The recipe's measures on rows after the cutoff, against the champion's on the same rows. Plain JSON. */
export interface TemporalHoldoutResult {
  readonly judged: true;
  /** The cutoff time, ISO 8601: all training labels were known by this time, and every tested row is later than it. */
  readonly cut: string;
  /** Number of distinct row times in the evaluation window. */
  readonly rowTimes: number;
  readonly trainedRows: number;
  readonly trainingDigest: string;
  /**
   * Whether the label table records when a label became known, or it is assumed to be row time plus the label's delay.
   */
  readonly labelTimes: 'known' | 'delay';
  readonly rows: number;
  readonly positiveClusters: number;
  readonly negativeClusters: number;
  readonly championAuc: Interval;
  readonly candidateAuc: Interval;
  readonly difference: Interval & { readonly p: number };
  /**
   * Log loss and the other measures on the same rows; absent in comparisons that were made before these were measured.
   */
  readonly measures?: SideBySide;
  /**
   * End of the champion's training window, ISO 8601; null without a champion. If it is after the cutoff, the champion
   * was trained on part of the time from which the tested rows come.
   */
  readonly championTrainedUntil: string | null;
}

/** Why there is no temporal holdout. */
export interface NoTemporalHoldout {
  readonly judged: false;
  readonly reason: string;
  /**
   * Whether the temporal holdout was due but could not be judged; absent in comparisons that were made before this was
   * distinguished.
   */
  readonly due?: boolean;
  /** Code of the error that prevented it; null for an error without a code. Absent if it was not due. */
  readonly code?: string | null;
}

/** The temporal holdout of a comparison, or why there is none. */
export type TemporalHoldout = TemporalHoldoutResult | NoTemporalHoldout;

/** Returns a temporal holdout that is not due. @example notDue('the evaluation rows have one row time') */
export const notDue = (reason: string): NoTemporalHoldout => ({ judged: false, due: false, reason });

/** Returns a temporal holdout that was due and could not be judged. */
export const dueAndFailed = (code: string | null, reason: string): NoTemporalHoldout => ({
  judged: false,
  due: true,
  code,
  reason,
});

/**
 * Returns whether the temporal holdout was judged, failed or was not applicable.
 *
 * @example temporalHoldoutState(body.outOfTime).state // 'made'
 */
export function temporalHoldoutState(outOfTime: TemporalHoldout | undefined): JudgementState {
  if (outOfTime === undefined) return { state: 'not applicable', reason: 'there was no temporal holdout' };
  if (outOfTime.judged) return { state: 'made' };
  const { due = false, code = null, reason } = outOfTime;
  return due ? { state: 'failed', code, reason } : { state: 'not applicable', reason };
}

/** Which evaluation decides, and why. */
export interface Judged {
  readonly by: 'entity' | 'entity+time';
  readonly why: string;
}

/**
 * Returns which evaluation decides: `entity+time` if there are at least 50 clusters of each class after the cutoff, otherwise
 * `entity`.
 *
 * @example judgedBy(body.outOfTime).by // 'entity'
 */
export function judgedBy(outOfTime: TemporalHoldout | undefined): Judged {
  const holdout = temporalHoldoutState(outOfTime);
  if (holdout.state === 'failed')
    return { by: 'entity', why: describeFailedJudgement('temporal holdout', holdout) };
  if (!outOfTime?.judged) return { by: 'entity', why: outOfTime?.reason ?? 'there was no temporal holdout' };
  const { positiveClusters, negativeClusters, cut } = outOfTime;
  const after = `${positiveClusters} positive and ${negativeClusters} negative holdout clusters after ${dayOf(new Date(cut))}`;
  return Math.min(positiveClusters, negativeClusters) >= MIN_CLUSTERS
    ? { by: 'entity+time', why: `there are ${after}` }
    : { by: 'entity', why: `there are only ${after}, fewer than ${MIN_CLUSTERS} of each` };
}
