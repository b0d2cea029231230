// Measures how much each feature moves the scores of a linear model over the training rows.
import { columnWidth, encodedWidth, type Encoding } from '../encode/encoding.ts';

/** What one feature adds to the log-odds, measured over the rows that a model was trained on. Plain JSON. */
export interface FeatureEffect {
  readonly feature: string;
  /** Mean of what the feature adds. */
  readonly center: number;
  /** Standard deviation (ddof 0) of what the feature adds; 0 if it has no effect. */
  readonly spread: number;
}

/**
 * Returns the effect of each feature, in the order of the encoding.
 *
 * Formula: a feature adds Σ coefficient · value over its own columns to the log-odds of a row. The log-odds are the sum
 * of these and the intercept.
 *
 * @param matrix the encoded training rows, row-major
 * @example featureEffects(encoding, encodeRows(encoding, frame, rows), coefficients)
 */
export function featureEffects(
  encoding: Encoding,
  matrix: Float64Array,
  coefficients: ArrayLike<number>,
): FeatureEffect[] {
  const width = encodedWidth(encoding);
  const rows = matrix.length / width;
  let first = 1;
  return encoding.columns.map((column) => {
    const from = first;
    first += columnWidth(column);
    let mean = 0;
    let squares = 0;
    for (let row = 0; row < rows; row += 1) {
      const part = partOf(matrix, row * width, from, first, coefficients);
      // Welford's update, because sums of large squares would cancel.
      const away = part - mean;
      mean += away / (row + 1);
      squares += away * (part - mean);
    }
    return { feature: column.name, center: mean, spread: Math.sqrt(squares / rows) };
  });
}

/** Returns Σ coefficient · value over the columns [first, end) of the row that begins at `start`. */
export function partOf(
  matrix: Float64Array,
  start: number,
  first: number,
  end: number,
  coefficients: ArrayLike<number>,
): number {
  let part = 0;
  for (let column = first; column < end; column += 1) part += coefficients[column]! * matrix[start + column]!;
  return part;
}

/**
 * Returns each feature's share of the total spread. Shares add up to 1 and are equal if no feature has any spread.
 *
 * @example usage([{ feature: 'a', center: 0, spread: 3 }, { feature: 'b', center: 0, spread: 1 }]) // { a: 0.75, b: 0.25 }
 */
export function usage(effects: readonly FeatureEffect[]): Record<string, number> {
  const total = effects.reduce((sum, { spread }) => sum + spread, 0);
  return Object.fromEntries(
    effects.map(({ feature, spread }) => [feature, total > 0 ? spread / total : 1 / effects.length]),
  );
}
