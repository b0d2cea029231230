// Judging out of time: the recipe learns what was known by a cut, and is tested on holdout clusters after it.
import { dayOf } from '../features/window.ts';
import { type Interval } from './interval.ts';
import { MIN_CLUSTERS } from './min-clusters.ts';

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
  /** End of the champion's training window, ISO 8601; null without one. After the cut it knew part of that future. */
  readonly championTrainedUntil: string | null;
}

/** Why nothing was judged out of time. */
export interface NotOutOfTime {
  readonly judged: false;
  readonly reason: string;
}

/** Of a comparison; see {@link OutOfTimeResult}. */
export type OutOfTime = OutOfTimeResult | NotOutOfTime;

/** Which evaluation decides, and why. */
export interface Judged {
  readonly by: 'entity' | 'entity+time';
  readonly why: string;
}

/**
 * Says which evaluation decides: `entity+time` where it has at least 50 clusters of each class after the cut, else
 * `entity`.
 *
 * @example judgedBy(body.outOfTime).by // 'entity'
 */
export function judgedBy(outOfTime: OutOfTime | undefined): Judged {
  if (outOfTime === undefined) return { by: 'entity', why: 'nothing was judged out of time' };
  if (!outOfTime.judged) return { by: 'entity', why: outOfTime.reason };
  const { positiveClusters, negativeClusters, cut } = outOfTime;
  const after = `${positiveClusters} positive and ${negativeClusters} negative holdout clusters after ${dayOf(new Date(cut))}`;
  return Math.min(positiveClusters, negativeClusters) >= MIN_CLUSTERS
    ? { by: 'entity+time', why: `there are ${after}` }
    : { by: 'entity', why: `there are only ${after}, fewer than ${MIN_CLUSTERS} of each` };
}
