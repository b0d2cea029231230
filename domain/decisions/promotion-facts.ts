// What the promotion rules look at, read from a stored comparison.
import { type Calibration } from '../learning/artifact/calibrate.ts';
import { type Tuning } from '../learning/choose-recipe.ts';
import { alarmsOf, type LeakCheck } from '../learning/leak-alarm.ts';
import { type Slice } from '../learning/compare/slices.ts';
import { type ComparisonBody, type Evaluated, evaluationsOf } from './comparison-body.ts';
import { type Interval } from '../data/math/interval.ts';
import { type JudgementName, type JudgementState } from '../judgements.ts';
import { type HoldoutUse, type UnprovenVersion } from './leak-proof.ts';
import { type Judged, temporalHoldout } from './out-of-time.ts';

/** What the decision looks at: champion and candidate on the same holdout rows. */
export interface PromotionFacts {
  /** The champion, or null where the class prior is the one to beat. */
  readonly championVersion: number | null;
  /** Which evaluation all that follows is of, but for slices. */
  readonly judged: Judged;
  /** The evaluation that does not decide; null if there is only one. */
  readonly other: Evaluated | null;
  /** Judgements that can fail apart from the comparison, and what became of each. */
  readonly judgements: readonly { readonly name: JudgementName; readonly state: JudgementState }[];
  readonly positiveClusters: number;
  readonly negativeClusters: number;
  /** AUC of the candidate less that of the champion (or of the prior). */
  readonly difference: Interval & { readonly p: number };
  readonly candidateAuc: Interval;
  readonly championAuc: Interval;
  /** Log loss of the one to beat, nats per row, and by how much the candidate's is above it. */
  readonly logLossToBeat: number;
  readonly logLossDifference: Interval;
  /** The rows that these two are of: those that decide, but for old comparisons. @example 'holdout rows after 2024-03-11' */
  readonly logLossRows: string;
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

/** How the candidate came to be, as far as a decision looks at it. */
export interface Making {
  /** What the leak alarm found before it was trained; null if it had not looked. */
  readonly leaks: LeakCheck | null;
  /** The recipes that it was chosen from; null if nothing was chosen. */
  readonly tuning: Tuning | null;
  /** As its artifact holds it; null without one. */
  readonly calibration: Calibration | null;
}

const NOT_RECORDED: Making = { leaks: null, tuning: null, calibration: null };

/**
 * The facts of a stored comparison. One from before a part was measured has no interval where it had none.
 *
 * @example decidePromotion(promotionFacts(body, championVersion, making), definition.promotion)
 */
export function promotionFacts(
  body: ComparisonBody,
  championVersion: number | null,
  making: Making = NOT_RECORDED,
): PromotionFacts {
  const { judged, decides, other } = evaluationsOf(body);
  // A comparison from before they were measured on the rows after the cut has them on all rows.
  const measured = decides.logLoss ? decides : other;
  const logLoss = measured?.logLoss ?? null;
  return {
    championVersion,
    judged,
    other,
    judgements: [
      { name: 'leak check', state: leakCheckOf(making) },
      { name: 'recipes', state: recipesOf(making) },
      { name: 'calibration map', state: calibrationOf(making) },
      { name: 'temporal holdout', state: temporalHoldout(body.outOfTime) },
    ],
    positiveClusters: decides.positiveClusters,
    negativeClusters: decides.negativeClusters,
    difference: decides.difference,
    candidateAuc: decides.candidateAuc,
    championAuc: decides.championAuc,
    logLossToBeat: logLoss?.toBeat ?? NaN,
    logLossDifference: logLoss?.difference ?? { value: NaN, low: NaN, high: NaN },
    logLossRows: measured?.where ?? decides.where,
    leakedClusters: body.leakedClusters,
    lateLabels: lateLabels(body),
    slices: body.slices,
    holdout: body.holdout ?? null,
    leakAlarms: making.leaks ? alarmsOf(making.leaks) : [],
    unproven: body.leakProof?.unproven ?? [],
  };
}

function leakCheckOf({ leaks }: Making): JudgementState {
  if (leaks === null) return { state: 'not applicable', reason: 'it is not on record' };
  return leaks.failed ? { state: 'failed', ...leaks.failed } : { state: 'made' };
}

function recipesOf({ tuning }: Making): JudgementState {
  if (tuning === null) return { state: 'not applicable', reason: 'nothing was chosen' };
  if (tuning.recipes.length < 2) return { state: 'not applicable', reason: 'there was one recipe' };
  const failed = tuning.recipes.find((one) => one.failed !== undefined);
  if (failed) return { state: 'failed', code: failed.failed ?? null, reason: failed.problem ?? '' };
  if (tuning.recipes.some(({ mean }) => mean !== null)) return { state: 'made' };
  const reason = tuning.recipes.find(({ problem }) => problem !== undefined)?.problem ?? '';
  return {
    state: 'failed',
    code: null,
    reason: `no recipe of ${tuning.recipes.length} could be learnt in every fold, such as: ${reason}`,
  };
}

function calibrationOf({ calibration }: Making): JudgementState {
  if (calibration === null) return { state: 'not applicable', reason: 'no calibration is asked for' };
  if (calibration.failed !== undefined)
    return { state: 'failed', code: calibration.failed, reason: calibration.why };
  return calibration.rows === 0 ? { state: 'not applicable', reason: calibration.why } : { state: 'made' };
}

function lateLabels({ leakProof }: ComparisonBody): number | null {
  const late = (leakProof?.versions ?? []).flatMap((version) => version.lateLabels ?? []);
  return late.length === 0 ? null : late.reduce((sum, count) => sum + count, 0);
}
