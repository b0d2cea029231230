// What the promotion rules look at, read from a stored comparison.
import { alarmsOf, type LeakCheck } from '../learning/leak-alarm.ts';
import { type Slice } from '../learning/slices.ts';
import { type ComparisonBody } from './comparison-body.ts';
import { type Interval } from './interval.ts';
import { type HoldoutUse, type UnprovenVersion } from './leak-proof.ts';
import { type Judged, judgedBy } from './out-of-time.ts';

/** What the decision looks at: champion and candidate on the same holdout rows. */
export interface PromotionFacts {
  /** The champion, or null where the class prior is the one to beat. */
  readonly championVersion: number | null;
  /** Which evaluation the counts and the difference below are of. */
  readonly judged: Judged;
  readonly positiveClusters: number;
  readonly negativeClusters: number;
  /** AUC of the candidate less that of the champion (or of the prior). */
  readonly difference: Interval & { readonly p: number };
  /** AUCs on all evaluation rows. */
  readonly candidateAuc: Interval;
  readonly championAuc: Interval;
  /** Log loss of the one to beat, nats per row, and by how much the candidate's is above it. */
  readonly logLossToBeat: number;
  readonly logLossDifference: Interval;
  /** Clusters of the evaluation rows on which either version was trained. */
  readonly leakedClusters: number;
  /** Training labels of either version that became known after the instant it claims; null where that is not on record. */
  readonly lateLabels: number | null;
  readonly slices: readonly Slice[];
  /** Null in comparisons from before it was counted. */
  readonly holdout: HoldoutUse | null;
  /** What the leak alarm warned of before the candidate was trained, in words. */
  readonly leakAlarms: readonly string[];
  /** Versions of the comparison whose training rows are not known. */
  readonly unproven: readonly UnprovenVersion[];
}

/**
 * The facts of a stored comparison. One from before a part was measured has no interval where it had none.
 *
 * @param leaks what the leak alarm found before the candidate was trained; null where it had not looked
 * @example decidePromotion(promotionFacts(body, championVersion, retrain.leaks), definition.promotion)
 */
export function promotionFacts(
  body: ComparisonBody,
  championVersion: number | null,
  leaks: LeakCheck | null = null,
): PromotionFacts {
  const judged = judgedBy(body.outOfTime);
  const { positiveClusters, negativeClusters, difference } =
    judged.by === 'entity+time' && body.outOfTime?.judged ? body.outOfTime : body;
  const worse = body.candidate.logLoss - body.champion.logLoss;
  return {
    championVersion,
    judged,
    positiveClusters,
    negativeClusters,
    difference,
    candidateAuc: body.candidate.auc,
    championAuc: body.champion.auc,
    logLossToBeat: body.champion.logLoss,
    logLossDifference: body.measures?.difference.logLoss ?? { value: worse, low: worse, high: worse },
    leakedClusters: body.leakedClusters,
    lateLabels: lateLabels(body),
    slices: body.slices,
    holdout: body.holdout ?? null,
    leakAlarms: leaks ? alarmsOf(leaks) : [],
    unproven: body.leakProof?.unproven ?? [],
  };
}

function lateLabels({ leakProof }: ComparisonBody): number | null {
  const late = (leakProof?.versions ?? []).flatMap((version) => version.lateLabels ?? []);
  return late.length === 0 ? null : late.reduce((sum, count) => sum + count, 0);
}
