// The facts for the promotion rules, read from a stored comparison.
import { type Calibration } from '../learning/artifact/calibrate.ts';
import { type Tuning } from '../learning/choose-recipe.ts';
import { alarmsOf, type LeakCheck } from '../learning/leak-alarm.ts';
import { type Slice } from '../learning/compare/slices.ts';
import { type ComparisonBody, type Evaluated, evaluationsOf } from './comparison-body.ts';
import { type Interval } from '../data/math/interval.ts';
import { type JudgementName, type JudgementState } from '../judgements.ts';
import { type HoldoutUse, type UnprovenVersion } from './leak-proof.ts';
import { type Judged, temporalHoldoutState } from './temporal-holdout.ts';

/** The facts on which the decision is made: champion and candidate on the same holdout rows. */
export interface PromotionFacts {
  /** The champion; null if the candidate is compared with the class prior. */
  readonly championVersion: number | null;
  /** The evaluation that decides the promotion; all measures below come from it, except those of slices. */
  readonly judged: Judged;
  /** The evaluation that does not decide; null if there is only one. */
  readonly other: Evaluated | null;
  /** Judgements that can fail although the comparison succeeds, with the state of each. */
  readonly judgements: readonly { readonly name: JudgementName; readonly state: JudgementState }[];
  readonly positiveClusters: number;
  readonly negativeClusters: number;
  /** AUC of the candidate minus that of the champion (or of the prior). */
  readonly difference: Interval & { readonly p: number };
  readonly candidateAuc: Interval;
  readonly championAuc: Interval;
  /** Log loss of the champion (or of the prior), nats per row. */
  readonly logLossToBeat: number;
  /** Log loss of the candidate minus `logLossToBeat`. */
  readonly logLossDifference: Interval;
  /**
   * The rows on which both log losses were measured: the rows of the evaluation that decides the promotion, except in
   * old comparisons.
   *
   * @example 'holdout rows after 2024-03-11'
   */
  readonly logLossRows: string;
  /** Number of evaluation clusters on which either version was trained. */
  readonly leakedClusters: number;
  /**
   * Number of training labels of either version that became known later than the version's claimed `labelsKnownBy`;
   * null if not recorded.
   */
  readonly lateLabels: number | null;
  readonly slices: readonly Slice[];
  /** Null in comparisons that were made before uses were counted. */
  readonly holdout: HoldoutUse | null;
  /** Warnings of the leak alarm before the candidate was trained. */
  readonly leakAlarms: readonly string[];
  /** Versions of the comparison whose training rows are not known. */
  readonly unproven: readonly UnprovenVersion[];
}

/** Results of the steps of the candidate's training that a decision takes into account. */
export interface Making {
  /** Findings of the leak alarm before training; null if it did not run. */
  readonly leaks: LeakCheck | null;
  /** The recipes among which one was chosen; null if there was no choice. */
  readonly tuning: Tuning | null;
  /** The calibration stored in the candidate's artifact; null if there is none. */
  readonly calibration: Calibration | null;
}

const NOT_RECORDED: Making = { leaks: null, tuning: null, calibration: null };

/**
 * Reads the facts from a stored comparison. In an old comparison, measures that were not taken then are NaN or null.
 *
 * @example decidePromotion(promotionFacts(body, championVersion, making), definition.promotion)
 */
export function promotionFacts(
  body: ComparisonBody,
  championVersion: number | null,
  making: Making = NOT_RECORDED,
): PromotionFacts {
  const { judged, decides, other } = evaluationsOf(body);
  // Old comparisons did not measure log loss after the cutoff, only on all holdout rows.
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
      { name: 'temporal holdout', state: temporalHoldoutState(body.outOfTime) },
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
  if (leaks === null) return { state: 'not applicable', reason: 'it was not recorded' };
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
    reason: `none of ${tuning.recipes.length} recipes could be trained in every fold, for example: ${reason}`,
  };
}

function calibrationOf({ calibration }: Making): JudgementState {
  if (calibration === null) return { state: 'not applicable', reason: 'no calibration was requested' };
  if (calibration.failed !== undefined)
    return { state: 'failed', code: calibration.failed, reason: calibration.why };
  return calibration.rows === 0 ? { state: 'not applicable', reason: calibration.why } : { state: 'made' };
}

function lateLabels({ leakProof }: ComparisonBody): number | null {
  const late = (leakProof?.versions ?? []).flatMap((version) => version.lateLabels ?? []);
  return late.length === 0 ? null : late.reduce((sum, count) => sum + count, 0);
}
