// What one feature of each row adds to the log-odds of its score, without a matrix.
import { type FeatureColumn } from '../features/frame.ts';
import { positionOf, standardise, wrongKind } from './encode.ts';
import { type CategoryEncoding, type ColumnEncoding, type NumericEncoding } from './encoding.ts';

/** Adds the terms of a feature: to `sums[at]` those of the row `rows[at]`. */
export type TermAdder = (sums: Float64Array, rows: Uint32Array) => void;

/**
 * The adder of a feature. One after the other, in the order of the encoding and from the intercept on, adders give to
 * the bit the dot product of `encodeRows`: what they leave out are terms of 0.
 *
 * @param coefficients of the feature's own columns, all finite
 * @throws TidegateError WRONG_COLUMN_TYPE where the feature is of another kind than the encoding's
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
