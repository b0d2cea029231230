// Scores: the probability of the positive class, for rows of a frame or for one record.
import { type FeatureRecord, type Frame } from '../features/frame.ts';
import { type Artifact } from './artifact.ts';
import { encodeRecord, rowEncoder, termsOf } from './encoding.ts';
import { sigmoid } from './sigmoid.ts';

// Terms beyond this give 0 or 1 to the last bit anyway; the bound keeps ∞ − ∞ out of the sum.
const LARGEST_TERM = 1e150;

function scoreTerms(coefficients: readonly number[], terms: Float64Array): number {
  let sum = 0;
  for (let index = 0; index < terms.length; index += 1) {
    const term = (terms[index] ?? 0) * (coefficients[index] ?? 0);
    sum += Math.min(Math.max(term, -LARGEST_TERM), LARGEST_TERM);
  }
  return sigmoid(sum);
}

/** Scores some rows of a frame; `result[i]` belongs to `rows[i]`. */
export function scoreRows(artifact: Artifact, frame: Frame, rows: Uint32Array): Float64Array {
  const encode = rowEncoder(artifact.encoding, frame);
  const terms = new Float64Array(termsOf(artifact.encoding));
  return Float64Array.from(rows, (row) => {
    encode(row, terms);
    return scoreTerms(artifact.coefficients, terms);
  });
}

/**
 * Scores one record exactly as `scoreRows` scores a row of the same values.
 *
 * @returns the score, and the features that the model uses but the record lacks
 * @example scoreRecord(artifact, { monthly_fee: 29.85, net_service: 'DSL' })
 */
export function scoreRecord(artifact: Artifact, record: FeatureRecord): { score: number; missing: string[] } {
  const { encoding, coefficients } = artifact;
  const terms = new Float64Array(termsOf(encoding));
  encodeRecord(encoding, record, terms);
  const missing = encoding.columns.map(({ name }) => name).filter((name) => record[name] == null);
  return { score: scoreTerms(coefficients, terms), missing };
}
