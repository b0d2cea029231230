// Explains why a record got its score.
import { type FeatureColumn, type FeatureRecord } from '../../data/frame.ts';
import { type Artifact } from './artifact.ts';
import { calibrated } from './calibration-map.ts';
import {
  type CategoryEncoding,
  type ColumnEncoding,
  columnWidth,
  type NumericEncoding,
} from '../encode/encoding.ts';
import { encodeRecord, positionOf, standardise, wrongKind } from '../encode/encode.ts';
import { partOf } from './feature-effects.ts';
import { sigmoid } from '../../data/math/special-functions.ts';

/** The contribution of one feature to a score. */
export interface Contribution {
  readonly feature: string;
  /**
   * Log-odds that the record's value adds, minus the log-odds that the feature adds on average over the training rows.
   */
  readonly logOdds: number;
}

/**
 * A score and the contributions to it: the score is the logistic function of base plus contributions, mapped by the
 * version's calibration if it has one. Contributions are in log-odds before calibration.
 */
export interface Explanation {
  readonly score: number;
  /** The result of the logistic function; absent if the version is not calibrated. */
  readonly scoreBeforeCalibration?: number;
  /** Log-odds of a row in which every feature contributes its mean. */
  readonly base: number;
  /** Sorted by absolute value, largest first. */
  readonly contributions: readonly Contribution[];
}

/**
 * Returns the exact contributions of a record's features to its score.
 *
 * Formula: for a linear model the Shapley value of a feature is what it adds to the log-odds, minus the mean of what it
 * adds over the training rows (Lundberg and Lee, NIPS 2017, assuming independent features).
 *
 * @example explainRecord(artifact, { monthly_fee: 29.85, net_service: 'DSL' }).contributions[0]
 */
export function explainRecord(
  { encoding, coefficients, effects, calibration }: Artifact,
  record: FeatureRecord,
): Explanation {
  const encoded = encodeRecord(encoding, record);
  let first = 1;
  let base = coefficients[0]!;
  let logOdds = coefficients[0]!;
  const contributions = encoding.columns.map((column, index) => {
    const part = partOf(encoded, 0, first, (first += columnWidth(column)), coefficients);
    const center = effects[index]?.center ?? 0;
    base += center;
    logOdds += part;
    return { feature: column.name, logOdds: part - center };
  });
  contributions.sort((a, b) => Math.abs(b.logOdds) - Math.abs(a.logOdds));
  const fitted = sigmoid(logOdds);
  const score = calibrated(calibration?.map, fitted);
  const isMapped = calibration !== undefined && calibration.map.kind !== 'none';
  return { score, ...(isMapped && { scoreBeforeCalibration: fitted }), base, contributions };
}

/** Adds the terms of a feature for row `rows[at]` to `sums[at]`. */
type TermAdder = (sums: Float64Array, rows: Uint32Array) => void;

/**
 * Returns the function that adds a feature's terms. Starting from the intercept and applied in the order of the
 * encoding, these functions produce bit for bit the dot product with the rows of `encodeRows`, except that they skip
 * terms of 0, which change nothing.
 *
 * @param coefficients of the feature's own columns, all finite
 * @throws TidegateError WRONG_COLUMN_TYPE if the feature is of another kind than in the encoding
 * @example termAdder(encoding.columns[0], frame.features[0], coefficients.slice(1, 2))(sums, rows)
 */
export function termAdder(
  column: ColumnEncoding,
  feature: FeatureColumn,
  coefficients: readonly number[],
): TermAdder {
  if (column.kind === 'numeric' && feature.kind === 'numeric') {
    return numericTerms(column, feature.values, coefficients);
  }
  if (column.kind === 'category' && feature.kind === 'category') {
    return categoryTerms(column, feature, coefficients);
  }
  throw wrongKind(column, feature);
}

function numericTerms(
  { scale, missing }: NumericEncoding,
  values: Float64Array,
  coefficients: readonly number[],
): TermAdder {
  const slope = scale ? (coefficients[0] as number) : 0;
  const ifMissing = missing ? (coefficients[scale ? 1 : 0] as number) : 0;
  return (sums, rows) => {
    for (let at = 0; at < rows.length; at += 1) {
      const value = values[rows[at]!] ?? NaN;
      if (!Number.isFinite(value)) sums[at]! += ifMissing;
      else if (scale) sums[at]! += slope * standardise(value, scale);
    }
  };
}

function categoryTerms(
  column: CategoryEncoding,
  { codes, dictionary }: Extract<FeatureColumn, { kind: 'category' }>,
  coefficients: readonly number[],
): TermAdder {
  const termOf = (value: string | null): number => {
    const position = positionOf(column, value);
    return position === -1 ? 0 : (coefficients[position] as number);
  };
  const terms = Float64Array.from(dictionary, termOf);
  const ifMissing = termOf(null);
  return (sums, rows) => {
    for (let at = 0; at < rows.length; at += 1) sums[at]! += terms[codes[rows[at]!]!] ?? ifMissing;
  };
}
