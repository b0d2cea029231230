// The score reference: a version's scores on rows it was not fitted on, stored with the version.
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

/** The scored rows: the holdout, or all training rows, each scored by a model that was fitted without its cluster. */
export type ScoreSource = 'holdout' | 'out of fold';

/** Labelled rows with their scores. */
export interface ScoredRows {
  readonly scores: Float64Array;
  /** 0 or 1 per row. */
  readonly labels: Uint8Array;
}

/** Scores of a version, against which prediction drift and estimated performance are measured. */
export interface ScoreReference extends ScoredRows {
  readonly source: ScoreSource;
  /** Profile of all scores, as the single column `score`. Only up to 20,000 individual scores are kept. */
  readonly profile: FeatureReference;
}

/** A score reference as plain JSON: numbers encoded by `encodeNumbers`, labels as a string of 0 and 1. */
export interface EncodedScoreReference {
  readonly format: typeof FORMAT;
  readonly source: ScoreSource;
  readonly scores: string;
  readonly labels: string;
  readonly profile: EncodedReference;
}

const FORMAT = 1;

/** Maximum number of individual rows kept: 160 kB of scores. */
const MAX_KEPT = 20_000;

/**
 * Makes a score reference. Of more than 20,000 rows, a random sample drawn by the seed is kept. The kept rows are sorted by
 * time, and rows of the same time are shuffled by the seed, so that consecutive chunks resemble windows and several chunks
 * of the same time are random samples.
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

/** Encodes a score reference as plain JSON; `decodeScores` restores every bit. */
export const encodeScores = ({ source, scores, labels, profile }: ScoreReference): EncodedScoreReference => ({
  format: FORMAT,
  source,
  scores: encodeNumbers(scores),
  labels: labels.join(''),
  profile: encodeReference(profile),
});

/**
 * Decodes the result of `encodeScores`.
 *
 * @throws TidegateError UNREADABLE_PROFILE if another version of Tidegate wrote it
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
