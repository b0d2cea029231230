// A comparison as it is stored: the numbers, the rows they were measured on, and the proof that no version was
// trained on them.
import { dayOf } from '../model/window.ts';
import { type Comparison } from '../learning/compare/comparison.ts';
import { type Curves } from '../learning/compare/curves.ts';
import { type McNemarAtThreshold } from '../learning/metrics/mcnemar.ts';
import { type FeatureImportance } from '../learning/compare/permutation-importance.ts';
import { type SideBySide } from '../learning/compare/side-by-side.ts';
import { type Slice } from '../learning/compare/slices.ts';
import { type Interval, formatInterval } from '../data/math/interval.ts';
import { type HoldoutUse, type LeakProof } from './leak-proof.ts';
import { type Judged, judgedBy, type TemporalHoldout } from './temporal-holdout.ts';

/**
 * The stored form of a comparison. Plain JSON; optional fields are absent in comparisons that were made before those
 * fields were measured.
 */
export interface ComparisonBody extends Comparison {
  /** The evaluation window, ISO 8601. */
  readonly window: { readonly from: string; readonly to: string };
  readonly datasetDigest: string;
  /** Digest of the candidate's scores; a reloaded artifact must reproduce them. */
  readonly candidateScoresDigest: string;
  /** The same comparison on each slice that is large enough, and on those that the definition names. */
  readonly slices: readonly Slice[];
  /** Evaluation clusters on which the candidate or the champion was trained; must be 0. */
  readonly leakedClusters: number;
  readonly leakProof?: LeakProof;
  readonly holdout?: HoldoutUse;
  /** Champion, candidate and class prior by other measures than AUC. */
  readonly measures?: SideBySide;
  readonly mcnemar?: McNemarAtThreshold;
  /** The temporal holdout: the recipe evaluated on later rows, or why it was not. */
  readonly outOfTime?: TemporalHoldout;
  /** Permutation importance of the candidate's features, largest first; empty if the holdout contains one class. */
  readonly importance?: readonly FeatureImportance[];
  /** ROC, calibration and score distributions of both models. */
  readonly curves?: Curves;
}

/**
 * Names what the candidate is compared with: the champion, or the class prior if there is none.
 *
 * @example describeChampion(1) // 'version 1'
 */
export const describeChampion = (championVersion: number | null): string =>
  championVersion === null ? 'the class prior' : `version ${championVersion}`;

/** Champion and candidate on the rows of one evaluation. */
export interface Evaluated {
  readonly by: Judged['by'];
  readonly rows: number;
  /** Description of the holdout rows on which this evaluation was made. @example 'holdout rows after 2024-03-11' */
  readonly where: string;
  readonly positiveClusters: number;
  readonly negativeClusters: number;
  readonly candidateAuc: Interval;
  readonly championAuc: Interval;
  readonly difference: Interval & { readonly p: number };
  /**
   * The champion's log loss in nats per row, and the candidate's log loss minus the champion's; null if not measured on
   * these rows.
   */
  readonly logLoss: { readonly toBeat: number; readonly difference: Interval } | null;
}

/** The two evaluations of a comparison. */
export interface Evaluations {
  readonly judged: Judged;
  readonly decides: Evaluated;
  /** The evaluation that does not decide the promotion; null if there is only one. */
  readonly other: Evaluated | null;
}

/**
 * Returns the evaluation that decides the promotion, and the other one.
 *
 * @example evaluationsOf(body).decides.difference.low > 0
 */
export function evaluationsOf(body: ComparisonBody): Evaluations {
  const judged = judgedBy(body.outOfTime);
  const onEntities = byEntity(body);
  const onFuture = body.outOfTime?.judged ? byTime(body.outOfTime) : null;
  return judged.by === 'entity+time' && onFuture
    ? { judged, decides: onFuture, other: onEntities }
    : { judged, decides: onEntities, other: onFuture };
}

function byEntity(body: ComparisonBody): Evaluated {
  const { rows, positiveClusters, negativeClusters, candidate, champion, difference, measures } = body;
  const worse = candidate.logLoss - champion.logLoss;
  return {
    by: 'entity',
    rows,
    where: `holdout rows up to ${dayOf(new Date(body.window.to))}`,
    positiveClusters,
    negativeClusters,
    candidateAuc: candidate.auc,
    championAuc: champion.auc,
    difference,
    logLoss: {
      toBeat: champion.logLoss,
      difference: measures?.difference.logLoss ?? { value: worse, low: worse, high: worse },
    },
  };
}

function byTime(outOfTime: TemporalHoldout & { judged: true }): Evaluated {
  const { cut, rows, positiveClusters, negativeClusters, candidateAuc, championAuc, difference, measures } =
    outOfTime;
  return {
    by: 'entity+time',
    rows,
    where: `holdout rows after ${dayOf(new Date(cut))}`,
    positiveClusters,
    negativeClusters,
    candidateAuc,
    championAuc,
    difference,
    logLoss: measures
      ? { toBeat: measures.champion.logLoss.value, difference: measures.difference.logLoss }
      : null,
  };
}

/** Summarizes a comparison in one line, for the details of a run. */
export function describeComparison(body: ComparisonBody, candidate: number, champion: number | null): string {
  const { decides, other } = evaluationsOf(body);
  return (
    `on ${decides.rows} ${decides.where}: version ${candidate} has AUC ${formatInterval(decides.candidateAuc, decides.championAuc.value)}, ` +
    `${describeChampion(champion)} ${formatInterval(decides.championAuc, decides.candidateAuc.value)}, difference ${formatInterval(decides.difference)}` +
    describeOtherEvaluation(other)
  );
}

/**
 * Summarizes a comparison in one line for the person who approves: the difference that decided, then the other
 * evaluation.
 */
export function describeEvidence(body: ComparisonBody, candidate: number, champion: number | null): string {
  const { decides, other } = evaluationsOf(body);
  return (
    `AUC of version ${candidate} ${formatInterval(decides.candidateAuc, decides.championAuc.value)} against ` +
    `${formatInterval(decides.championAuc, decides.candidateAuc.value)} by ${describeChampion(champion)}, ` +
    `difference ${formatInterval(decides.difference)} on ${decides.rows} ${decides.where}` +
    (other ? `, decided by ${decides.by}` : '') +
    describeOtherEvaluation(other)
  );
}

/**
 * Describes the evaluation that did not decide. Leaves out its difference, which could be mistaken for the one that
 * decided.
 */
export const describeOtherEvaluation = (other: Evaluated | null): string =>
  other === null
    ? ''
    : `; the other evaluation, by ${other.by} on ${other.rows} ${other.where}, did not decide: ` +
      `AUC ${formatInterval(other.candidateAuc, other.championAuc.value)} against ` +
      formatInterval(other.championAuc, other.candidateAuc.value);
