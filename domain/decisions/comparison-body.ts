// A comparison as it is stored: the numbers, which rows they rest on, and the proof that nobody trained on them.
import { dayOf } from '../model/window.ts';
import { type Comparison } from '../learning/compare/comparison.ts';
import { type McNemarAtThreshold } from '../learning/metrics/mcnemar.ts';
import { type FeatureImportance } from '../learning/compare/permutation-importance.ts';
import { type SideBySide } from '../learning/compare/side-by-side.ts';
import { type Slice } from '../learning/compare/slices.ts';
import { type Interval, intervalInWords } from '../data/math/interval.ts';
import { type HoldoutUse, type LeakProof } from './leak-proof.ts';
import { type Judged, judgedBy, type OutOfTime } from './out-of-time.ts';

/** What is stored of a comparison. Plain JSON; optional parts are absent in comparisons from before they were measured. */
export interface ComparisonBody extends Comparison {
  /** The evaluation window, ISO 8601. */
  readonly window: { readonly from: string; readonly to: string };
  readonly datasetDigest: string;
  /** Digest of the candidate's scores: what a reloaded artifact must give again. */
  readonly candidateScoresDigest: string;
  /** The same comparison on each part of the rows that is large enough, and on those that the definition names. */
  readonly slices: readonly Slice[];
  /** Clusters of the evaluation rows on which the candidate or the champion was trained; must be 0. */
  readonly leakedClusters: number;
  readonly leakProof?: LeakProof;
  readonly holdout?: HoldoutUse;
  /** Champion, candidate and class prior beside the AUC. */
  readonly measures?: SideBySide;
  readonly mcnemar?: McNemarAtThreshold;
  /** The recipe judged on rows of the future, or why it could not be. */
  readonly outOfTime?: OutOfTime;
  /** What the candidate's AUC rests on, the largest first; empty where the holdout holds one class. */
  readonly importance?: readonly FeatureImportance[];
}

/** Who is to be beaten; without a champion it is the class prior. @example rivalInWords(1) // 'version 1' */
export const rivalInWords = (championVersion: number | null): string =>
  championVersion === null ? 'the class prior' : `version ${championVersion}`;

/** Champion and candidate on the rows of one evaluation. */
export interface Evaluated {
  readonly by: Judged['by'];
  readonly rows: number;
  /** Which holdout rows these are. @example 'holdout rows after 2024-03-11' */
  readonly where: string;
  readonly positiveClusters: number;
  readonly negativeClusters: number;
  readonly candidateAuc: Interval;
  readonly championAuc: Interval;
  readonly difference: Interval & { readonly p: number };
  /** Log loss of the one to beat, nats per row, and by how much the candidate's is above it; null if not measured here. */
  readonly logLoss: { readonly toBeat: number; readonly difference: Interval } | null;
}

/** Both evaluations of a comparison. */
export interface Evaluations {
  readonly judged: Judged;
  readonly decides: Evaluated;
  /** The one that does not decide; null if there is only one. */
  readonly other: Evaluated | null;
}

/** Tells the evaluation that decides from the other. @example evaluationsOf(body).decides.difference.low > 0 */
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

function byTime(outOfTime: OutOfTime & { judged: true }): Evaluated {
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

/** What a comparison found, in one line for a run's details. */
export function comparisonInWords(body: ComparisonBody, candidate: number, champion: number | null): string {
  const { decides, other } = evaluationsOf(body);
  return (
    `on ${decides.rows} ${decides.where}: version ${candidate} has AUC ${intervalInWords(decides.candidateAuc, decides.championAuc.value)}, ` +
    `${rivalInWords(champion)} ${intervalInWords(decides.championAuc, decides.candidateAuc.value)}, difference ${intervalInWords(decides.difference)}` +
    otherInWords(other)
  );
}

/** What a comparison found, in one line for the person who decides: the difference that decided, and the other named as such. */
export function evidenceInWords(body: ComparisonBody, candidate: number, champion: number | null): string {
  const { decides, other } = evaluationsOf(body);
  return (
    `AUC of version ${candidate} ${intervalInWords(decides.candidateAuc, decides.championAuc.value)} against ` +
    `${intervalInWords(decides.championAuc, decides.candidateAuc.value)} by ${rivalInWords(champion)}, ` +
    `difference ${intervalInWords(decides.difference)} on ${decides.rows} ${decides.where}` +
    (other ? `, judged by ${decides.by}` : '') +
    otherInWords(other)
  );
}

/** The evaluation that did not decide, without a difference of its own: that would be read as the one that did. */
export const otherInWords = (other: Evaluated | null): string =>
  other === null
    ? ''
    : `; the other evaluation, by ${other.by} on ${other.rows} ${other.where}, did not decide: ` +
      `AUC ${intervalInWords(other.candidateAuc, other.championAuc.value)} against ` +
      intervalInWords(other.championAuc, other.candidateAuc.value);
