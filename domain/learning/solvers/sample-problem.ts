// Samples a large logistic problem for the start of its fit: a small share of the rows, with some for every column.
import { classTotals, type LogisticProblem } from './logistic-problem.ts';

// A problem with fewer than twice this many rows is not sampled, because that would save nothing.
const MIN_ROWS = 2_000;
const SHARE = 0.03;
// About this many rows are drawn for each column and class, however rare: enough to estimate the curvature of the loss
// for the column to within about a fifth.
const ROWS_OF_COLUMN = 30;

/**
 * Draws about 3 % of the rows, at least 2,000, each weighted by the number of rows it represents. Returns undefined if the
 * sample would be more than half of the rows.
 *
 * A row is drawn with the largest of three probabilities: the share of the sample, which is the same for all rows; 30
 * times its share of a column's sum of squares, so that the few rows of a rare level and extreme values of a number are
 * always included; and 30 divided by the number of rows of its class. The weight of a drawn row is 1 / probability, so
 * that the sample's loss and Hessian approximate those of all rows. Rows are drawn by a hash of their number, so that
 * no periodic pattern in their order matters.
 *
 * @example sampleProblem({ matrix, width, labels, l2: 1 })?.labels.length
 */
export function sampleProblem(problem: LogisticProblem): LogisticProblem | undefined {
  const { matrix, width, labels } = problem;
  const rows = labels.length;
  // One row is drawn from each block of this many.
  const block = Math.floor(rows / Math.max(MIN_ROWS, rows * SHARE));
  if (block < 2) return undefined;
  const needed = neededProbability(problem, 1 / block);
  const chosen: number[] = [];
  const weights: number[] = [];
  for (let first = 0; first < rows; first += block) {
    const size = Math.min(block, rows - first);
    const row = first + Math.floor(uniformOf(first) * size);
    if (needed && needed(row) > 1 / block) continue;
    chosen.push(row);
    weights.push(size);
  }
  for (let row = 0; needed && row < rows; row += 1) {
    const probability = needed(row);
    if (probability <= 1 / block || uniformOf(row) >= probability) continue;
    chosen.push(row);
    weights.push(Math.max(1, 1 / probability));
  }
  const part = new Float64Array(chosen.length * width);
  chosen.forEach((row, at) => part.set(matrix.subarray(row * width, (row + 1) * width), at * width));
  return {
    ...problem,
    matrix: part,
    labels: Uint8Array.from(chosen, (row) => labels[row] as number),
    rowWeights: Float64Array.from(weights),
  };
}

/** Returns the probability that each row needs for its columns and class; undefined if `share` is enough for all rows. */
function neededProbability(problem: LogisticProblem, share: number): ((row: number) => number) | undefined {
  const { matrix, width, labels } = problem;
  const byClass = classTotals({ ...problem, classWeights: undefined }).map((count) => ROWS_OF_COLUMN / count);
  const rare = rareColumns(problem, share);
  if (rare.length === 0 && byClass.every((probability) => probability <= share)) return undefined;
  return (row) => {
    let probability = byClass[labels[row] as number] as number;
    for (let at = 0; at < rare.length; at += 1) {
      const { column, factor } = rare[at]!;
      const value = matrix[row * width + column] as number;
      const ofColumn = factor * value * value;
      if (ofColumn > probability) probability = ofColumn;
    }
    return probability;
  };
}

/** Finds the columns for which some row needs a higher probability than the share: `factor` · value² is that probability. */
function rareColumns(problem: LogisticProblem, share: number): { column: number; factor: number }[] {
  const { matrix, width } = problem;
  const squares = new Float64Array(width);
  // At least the largest square in each column. For speed, the squares of four rows are added up before they are
  // compared.
  const greatest = new Float64Array(width);
  let start = 0;
  for (; start + 4 * width <= matrix.length; start += 4 * width) {
    for (let column = 0, at = start; column < width; column += 1, at += 1) {
      const a = matrix[at] as number;
      const b = matrix[at + width] as number;
      const c = matrix[at + 2 * width] as number;
      const d = matrix[at + 3 * width] as number;
      const sum = a * a + b * b + c * c + d * d;
      squares[column]! += sum;
      if (sum > (greatest[column] as number)) greatest[column] = sum;
    }
  }
  for (; start < matrix.length; start += width) {
    for (let column = 0; column < width; column += 1) {
      const square = (matrix[start + column] as number) ** 2;
      squares[column]! += square;
      if (square > (greatest[column] as number)) greatest[column] = square;
    }
  }
  return Array.from(squares, (sum, column) => ({ column, factor: ROWS_OF_COLUMN / sum })).filter(
    ({ column, factor }) => factor * (greatest[column] as number) > share,
  );
}

/** Hashes a whole number into [0, 1) with the finalizer of MurmurHash3. */
function uniformOf(row: number): number {
  let hash = Math.imul(row ^ (row >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
