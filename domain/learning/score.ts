// Scores: the estimated probability of the positive class.
import { type FeatureRecord, type Frame } from '../features/frame.ts';
import { type Artifact } from './artifact.ts';
import { calibrated } from './calibration-map.ts';
import { encodeRecord, missingIn, rowEncoder } from './encode.ts';
import { sigmoid } from './sigmoid.ts';

// Rows encoded at once: enough to forget the cost per call, few enough to stay in the cache.
const BLOCK = 4_096;

/** The answer to one record. */
export interface Scored {
  /** Estimated probability of the positive class, in [0, 1]. */
  readonly score: number;
  /** Features that had no usable value, in the order of the definition. */
  readonly missing: readonly string[];
}

/**
 * Scores rows of a frame, in the order given, each in [0, 1].
 *
 * @throws TidegateError UNKNOWN_COLUMN, WRONG_COLUMN_TYPE where the frame lacks a feature of the artifact
 * @example scoreRows(artifact, frame, evaluationRows(frame))
 */
export function scoreRows(
  { encoding, coefficients, calibration }: Artifact,
  frame: Frame,
  rows: Uint32Array,
): Float64Array {
  const encode = rowEncoder(encoding, frame);
  const scores = new Float64Array(rows.length);
  for (let from = 0; from < rows.length; from += BLOCK) {
    const block = rows.subarray(from, from + BLOCK);
    const matrix = encode(block);
    for (let at = 0; at < block.length; at += 1) {
      const score = probability(coefficients, matrix, at * coefficients.length);
      scores[from + at] = calibrated(calibration?.map, score);
    }
  }
  return scores;
}

/**
 * Scores one record: the same bits as `scoreRows` gives for the same row.
 *
 * @example scoreRecord(artifact, { monthly_fee: 29.85, net_service: 'DSL' }) // { score: 0.31, missing: [...] }
 */
export function scoreRecord(
  { encoding, coefficients, calibration }: Artifact,
  record: FeatureRecord,
): Scored {
  const score = calibrated(calibration?.map, probability(coefficients, encodeRecord(encoding, record), 0));
  return { score, missing: missingIn(encoding, record) };
}

function probability(coefficients: readonly number[], matrix: Float64Array, start: number): number {
  let sum = 0;
  for (let column = 0; column < coefficients.length; column += 1) {
    sum += coefficients[column]! * matrix[start + column]!;
  }
  return sigmoid(sum);
}
