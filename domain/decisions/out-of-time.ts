// Judging out of time: the recipe learns what was known by a cut, and is tested on holdout clusters after it.
import { dayOf } from '../model/window.ts';
import { type SideBySide } from '../learning/compare/side-by-side.ts';
import { type Interval } from '../data/math/interval.ts';
import { failedInWords, type JudgementState } from '../judgements.ts';
import { MIN_CLUSTERS } from '../data/math/class-clusters.ts';

/** What the recipe reached on rows of the future, against the champion on the same rows. Plain JSON. */
export interface OutOfTimeResult {
  readonly judged: true;
  /** ISO 8601: training labels were known by then, and every tested row is later. */
  readonly cut: string;
  /** Row times in the evaluation window. */
  readonly rowTimes: number;
  readonly trainedRows: number;
  readonly trainingDigest: string;
  /** How labels are known by the cut: as their table says, or by row time and the label's delay. */
  readonly labelTimes: 'known' | 'delay';
  readonly rows: number;
  readonly positiveClusters: number;
  readonly negativeClusters: number;
  readonly championAuc: Interval;
  readonly candidateAuc: Interval;
  readonly difference: Interval & { readonly p: number };
  /** Log loss and the other measures on the same rows; absent in comparisons from before they were measured there. */
  readonly measures?: SideBySide;
  /** End of the champion's training window, ISO 8601; null without one. After the cut it knew part of that future. */
  readonly championTrainedUntil: string | null;
}

/** Why nothing was judged out of time. */
export interface NotOutOfTime {
  readonly judged: false;
  readonly reason: string;
  /** Whether it was due and could not be made; absent in comparisons from before that was kept apart. */
  readonly due?: boolean;
  /** Code of the error that kept it from being made; null for one without a code. Present if it was due. */
  readonly code?: string | null;
}

/** Of a comparison; see {@link OutOfTimeResult}. */
export type OutOfTime = OutOfTimeResult | NotOutOfTime;

/** A temporal holdout that is not due. @example notDue('the evaluation rows have one row time') */
export const notDue = (reason: string): NotOutOfTime => ({ judged: false, due: false, reason });

/** A temporal holdout that was due and could not be judged. */
export const dueAndFailed = (code: string | null, reason: string): NotOutOfTime => ({
  judged: false,
  due: true,
  code,
  reason,
});

/** What became of the temporal holdout. @example temporalHoldout(body.outOfTime).state // 'made' */
export function temporalHoldout(outOfTime: OutOfTime | undefined): JudgementState {
  if (outOfTime === undefined) return { state: 'not applicable', reason: 'nothing was judged out of time' };
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
 * Says which evaluation decides: `entity+time` if there are at least 50 clusters of each class after the cut, else
 * `entity`.
 *
 * @example judgedBy(body.outOfTime).by // 'entity'
 */
export function judgedBy(outOfTime: OutOfTime | undefined): Judged {
  const holdout = temporalHoldout(outOfTime);
  if (holdout.state === 'failed') return { by: 'entity', why: failedInWords('temporal holdout', holdout) };
  if (!outOfTime?.judged) return { by: 'entity', why: outOfTime?.reason ?? 'nothing was judged out of time' };
  const { positiveClusters, negativeClusters, cut } = outOfTime;
  const after = `${positiveClusters} positive and ${negativeClusters} negative holdout clusters after ${dayOf(new Date(cut))}`;
  return Math.min(positiveClusters, negativeClusters) >= MIN_CLUSTERS
    ? { by: 'entity+time', why: `there are ${after}` }
    : { by: 'entity', why: `there are only ${after}, fewer than ${MIN_CLUSTERS} of each` };
}
