// A comparison as it is stored: the numbers, which rows they rest on, and the proof that nobody trained on them.
import { dayOf } from '../features/window.ts';
import { type Comparison } from '../learning/comparison.ts';
import { type McNemarAtCut } from '../learning/mcnemar-at-cut.ts';
import { type FeatureImportance } from '../learning/permutation-importance.ts';
import { type SideBySide } from '../learning/side-by-side.ts';
import { type Slice } from '../learning/slices.ts';
import { intervalInWords } from './interval.ts';
import { type HoldoutUse, type LeakProof } from './leak-proof.ts';
import { type OutOfTime } from './out-of-time.ts';

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
  readonly mcnemar?: McNemarAtCut;
  /** The recipe judged on rows of the future, or why it could not be. */
  readonly outOfTime?: OutOfTime;
  /** What the candidate's AUC rests on, the largest first; empty where the holdout holds one class. */
  readonly importance?: readonly FeatureImportance[];
}

/** Who is to be beaten; without a champion it is the class prior. @example rivalInWords(1) // 'version 1' */
export const rivalInWords = (championVersion: number | null): string =>
  championVersion === null ? 'the class prior' : `version ${championVersion}`;

/** What a comparison found, in one line for a run's details. */
export const comparisonInWords = (body: ComparisonBody, candidate: number, champion: number | null): string =>
  `on ${body.rows} holdout rows: version ${candidate} has AUC ${intervalInWords(body.candidate.auc, body.champion.auc.value)}, ` +
  `${rivalInWords(champion)} ${intervalInWords(body.champion.auc, body.candidate.auc.value)}, difference ${intervalInWords(body.difference)}`;

/** What a comparison found, in one line for the person who decides. */
export const evidenceInWords = (body: ComparisonBody, candidate: number, champion: number | null): string =>
  `AUC of version ${candidate} ${intervalInWords(body.candidate.auc, body.champion.auc.value)} against ` +
  `${intervalInWords(body.champion.auc, body.candidate.auc.value)} by ${rivalInWords(champion)}, ` +
  `difference ${intervalInWords(body.difference)} ` +
  `on ${body.rows} holdout rows up to ${dayOf(new Date(body.window.to))}`;
