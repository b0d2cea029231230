// The score reference: what a version answered on rows it was not fitted on, frozen with it.
import { type FeatureReference, freezeReference } from '../data/profile/feature-reference.ts';
import { SCORE } from '../drift/prediction-change.ts';
import {
  decodeNumbers,
  decodeReference,
  type EncodedReference,
  encodeNumbers,
  encodeReference,
} from '../data/profile/profile-codec.ts';
import { TidegateError } from '../errors.ts';
import { Random } from '../random.ts';

/** Which rows: those held out, or all training rows, each scored by a model that was fitted without its cluster. */
export type ScoreSource = 'holdout' | 'out of fold';

/** Labelled rows with the score that each was given. */
export interface ScoredRows {
  readonly scores: Float64Array;
  /** 0 or 1 per row. */
  readonly labels: Uint8Array;
}

/** Scores of a version; the base of prediction drift and of performance without labels. */
export interface ScoreReference extends ScoredRows {
  readonly source: ScoreSource;
  /** The scores of all rows, as the only column `score`; at most 20,000 of them are kept one by one. */
  readonly profile: FeatureReference;
}

/** A score reference as plain JSON; numbers by `encodeNumbers`, labels as a text of 0 and 1. */
export interface EncodedScoreReference {
  readonly format: typeof FORMAT;
  readonly source: ScoreSource;
  readonly scores: string;
  readonly labels: string;
  readonly profile: EncodedReference;
}

const FORMAT = 1;

/** Most rows that are kept one by one: 160 kB of scores. */
const MAX_KEPT = 20_000;

/**
 * Freezes scores. Where there are more than 20,000, a part of them drawn by the seed is kept. The kept rows stand in the
 * order of their times, those of one time in an order drawn by the seed, so that chunks of them resemble windows and a
 * chunk of one time is no selection.
 *
 * @param times of the rows, microseconds since 1970 UTC; at least one row
 */
export function freezeScores(
  source: ScoreSource,
  { scores, labels, times }: ScoredRows & { readonly times: BigInt64Array },
  seed: number,
): ScoreReference {
  const random = new Random(seed, scores.length, MAX_KEPT);
  const drawn = scores.map(() => random.uniform());
  const kept = Uint32Array.from(scores.keys())
    .sort((a, b) => drawn[a]! - drawn[b]!)
    .subarray(0, MAX_KEPT)
    .sort((a, b) => (times[a] === times[b] ? drawn[a]! - drawn[b]! : times[a]! < times[b]! ? -1 : 1));
  return {
    source,
    scores: Float64Array.from(kept, (row) => scores[row]!),
    labels: Uint8Array.from(kept, (row) => labels[row]!),
    profile: freezeReference({
      rows: scores.length,
      features: [{ kind: 'numeric', name: SCORE, values: scores }],
      labels,
      holdout: new Uint8Array(0),
      clusters: new Uint32Array(0),
      times,
    }),
  };
}

/** Plain JSON of a score reference; `decodeScores` gives back every bit. */
export const encodeScores = ({ source, scores, labels, profile }: ScoreReference): EncodedScoreReference => ({
  format: FORMAT,
  source,
  scores: encodeNumbers(scores),
  labels: labels.join(''),
  profile: encodeReference(profile),
});

/**
 * The reference of `encodeScores`.
 *
 * @throws TidegateError UNREADABLE_PROFILE when another version of Tidegate wrote it
 */
export function decodeScores({
  format,
  source,
  scores,
  labels,
  profile,
}: EncodedScoreReference): ScoreReference {
  if ((format as number) !== FORMAT) {
    throw new TidegateError(
      'UNREADABLE_PROFILE',
      `the score reference has format ${format}; this Tidegate reads ${FORMAT}`,
    );
  }
  return {
    source,
    scores: decodeNumbers(scores),
    labels: Uint8Array.from(labels, Number),
    profile: decodeReference(profile),
  };
}
