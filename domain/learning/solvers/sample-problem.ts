// The part of a large logistic problem that its fit begins with: few rows, among them some for every column.
import { classTotals, type LogisticProblem } from './logistic-problem.ts';

// With fewer rows than twice this, a sample saves nothing.
const MIN_ROWS = 2_000;
const SHARE = 0.03;
// About so many rows are drawn for a column or a class, however rare: its curvature is then known to about a fifth.
const ROWS_OF_COLUMN = 30;

/**
 * About 3 % of the rows, at least 2,000, each counting as many as it stands for; undefined if that is over half.
 *
 * A row is drawn with the greatest of three probabilities: the share itself; 30 times its share of a column's sum of
 * squares, so that the few rows of a rare level, or the one far value of a number, are always among them; and 30 among
 * the rows of its class. It then counts 1 / probability, so the sample's loss and Hessian are about those of all rows.
 * Rows are drawn by a hash of their number, which no period in their order can meet.
 *
 * @example sampleProblem({ matrix, width, labels, l2: 1 })?.labels.length
 */
export function sampleProblem(problem: LogisticProblem): LogisticProblem | undefined {
  const { matrix, width, labels } = problem;
  const rows = labels.length;
  // One row of each block of so many.
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

/** The probability that a row must have for its columns and its class; undefined if `share` is enough for all rows. */
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

/** Columns of which some row needs a higher probability than the share: `factor` · value² is that probability. */
function rareColumns(problem: LogisticProblem, share: number): { column: number; factor: number }[] {
  const { matrix, width } = problem;
  const squares = new Float64Array(width);
  // Of four rows together, as the gradient reads them: never less than that of one.
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

/** A whole number as one in [0, 1): the end of MurmurHash3. */
function uniformOf(row: number): number {
  let hash = Math.imul(row ^ (row >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
