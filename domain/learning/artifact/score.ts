// Scores rows and records with a linear artifact: the estimated probability of the positive class.
import { type FeatureRecord, type Frame } from '../../data/frame.ts';
import { type Artifact } from './artifact.ts';
import { calibrated } from './calibration-map.ts';
import { encodeRecord, featureOf, missingIn } from '../encode/encode.ts';
import { columnWidth } from '../encode/encoding.ts';
import { termAdder } from './explain.ts';
import { sigmoid } from '../../data/math/special-functions.ts';

// Rows per block: enough to make the cost per call negligible, few enough to stay in the cache.
const BLOCK = 4_096;

/** The score of one record. */
export interface Scored {
  /** Estimated probability of the positive class, in [0, 1]. */
  readonly score: number;
  /** Features without a usable value, in the order of the definition. */
  readonly missing: readonly string[];
}

/**
 * Scores rows of a frame, in the order given, each in [0, 1].
 *
 * @throws TidegateError UNKNOWN_COLUMN, WRONG_COLUMN_TYPE if the frame lacks a feature of the artifact
 * @example scoreRows(artifact, frame, evaluationRows(frame))
 */
export function scoreRows(
  { encoding, coefficients, calibration }: Artifact,
  frame: Frame,
  rows: Uint32Array,
): Float64Array {
  let next = 1;
  const adders = encoding.columns.map((column) => {
    const own = coefficients.slice(next, (next += columnWidth(column)));
    return termAdder(column, featureOf(frame, column), own);
  });
  const scores = new Float64Array(rows.length).fill(coefficients[0] ?? 0);
  for (let from = 0; from < rows.length; from += BLOCK) {
    const block = rows.subarray(from, from + BLOCK);
    const sums = scores.subarray(from, from + BLOCK);
    for (const add of adders) add(sums, block);
    for (let at = 0; at < sums.length; at += 1) {
      sums[at] = calibrated(calibration?.map, sigmoid(sums[at]!));
    }
  }
  return scores;
}

/**
 * Scores one record. The result is bit for bit that of `scoreRows` for the same row.
 *
 * @example scoreRecord(artifact, { monthly_fee: 29.85, net_service: 'DSL' }) // { score: 0.31, missing: [...] }
 */
export function scoreRecord(
  { encoding, coefficients, calibration }: Artifact,
  record: FeatureRecord,
): Scored {
  const score = calibrated(calibration?.map, probability(coefficients, encodeRecord(encoding, record)));
  return { score, missing: missingIn(encoding, record) };
}

function probability(coefficients: readonly number[], encoded: Float64Array): number {
  let sum = 0;
  for (let column = 0; column < coefficients.length; column += 1) {
    sum += coefficients[column]! * encoded[column]!;
  }
  return sigmoid(sum);
}
