// The logistic regression to solve, and the gradient that says how far from solved it is.
import { sigmoid } from './sigmoid.ts';

/** Encoded training rows with their labels. */
export interface LogisticProblem {
  /** Row-major, `labels.length` × `width`; column 0 is the intercept. */
  readonly matrix: Float64Array;
  readonly width: number;
  /** 0 or 1 per row. */
  readonly labels: Uint8Array;
  /** Strength of the penalty, from 0. */
  readonly l2: number;
}

/**
 * The gradient of the penalised loss: X'(p − y) + l2 · c, the intercept without penalty.
 *
 * Formula: of Σ log loss + l2/2 · Σ c², as in scikit-learn's LogisticRegression with C = 1 / l2.
 */
export function lossGradient(
  { matrix, width, labels, l2 }: LogisticProblem,
  coefficients: Float64Array,
): Float64Array {
  const gradient = coefficients.map((coefficient, column) => (column === 0 ? 0 : l2 * coefficient));
  const rows = labels.length;
  const residual = (row: number, sum: number): number => sigmoid(sum) - (labels[row] as number);
  let row = 0;
  // Four rows at once: each coefficient is read, and each slope written, a quarter as often.
  for (; row + 3 < rows; row += 4) {
    const a = row * width;
    const b = a + width;
    const c = b + width;
    const d = c + width;
    let sumA = 0;
    let sumB = 0;
    let sumC = 0;
    let sumD = 0;
    for (let column = 0; column < width; column += 1) {
      const coefficient = coefficients[column] as number;
      sumA += (matrix[a + column] as number) * coefficient;
      sumB += (matrix[b + column] as number) * coefficient;
      sumC += (matrix[c + column] as number) * coefficient;
      sumD += (matrix[d + column] as number) * coefficient;
    }
    const ofA = residual(row, sumA);
    const ofB = residual(row + 1, sumB);
    const ofC = residual(row + 2, sumC);
    const ofD = residual(row + 3, sumD);
    for (let column = 0; column < width; column += 1) {
      gradient[column]! +=
        ofA * (matrix[a + column] as number) +
        ofB * (matrix[b + column] as number) +
        ofC * (matrix[c + column] as number) +
        ofD * (matrix[d + column] as number);
    }
  }
  for (; row < rows; row += 1) {
    const start = row * width;
    let sum = 0;
    for (let column = 0; column < width; column += 1) sum += matrix[start + column]! * coefficients[column]!;
    const of = residual(row, sum);
    for (let column = 0; column < width; column += 1) gradient[column]! += of * matrix[start + column]!;
  }
  return gradient;
}

/** Σ log loss + l2/2 · Σ coefficient², the intercept without penalty; what `lossGradient` is the gradient of. */
export function penalisedLoss(
  { matrix, width, labels, l2 }: LogisticProblem,
  coefficients: Float64Array,
): number {
  let loss = coefficients.reduce(
    (sum, coefficient, column) => (column === 0 ? sum : sum + (l2 / 2) * coefficient ** 2),
    0,
  );
  for (let row = 0, start = 0; row < labels.length; row += 1, start += width) {
    let sum = 0;
    for (let column = 0; column < width; column += 1) sum += matrix[start + column]! * coefficients[column]!;
    // ln(1 + exp(±sum)), written so that it does not overflow.
    const against = labels[row] === 1 ? -sum : sum;
    loss += Math.max(against, 0) + Math.log1p(Math.exp(-Math.abs(against)));
  }
  return loss;
}

/** Every `stride`-th row of a problem, with as much less of the penalty: its optimum is near that of the whole. */
export function thinned(problem: LogisticProblem, stride: number): LogisticProblem {
  if (stride <= 1) return problem;
  const { width } = problem;
  const rows = Math.ceil(problem.labels.length / stride);
  const matrix = new Float64Array(rows * width);
  const labels = new Uint8Array(rows);
  for (let row = 0; row < rows; row += 1) {
    const from = row * stride;
    matrix.set(problem.matrix.subarray(from * width, (from + 1) * width), row * width);
    labels[row] = problem.labels[from]!;
  }
  return { matrix, width, labels, l2: (problem.l2 * rows) / problem.labels.length };
}

/** X'X, row-major width × width. */
export function crossProducts({ matrix, width }: LogisticProblem): Float64Array {
  const products = new Float64Array(width * width);
  for (let start = 0; start < matrix.length; start += width) {
    for (let i = 0; i < width; i += 1) {
      const value = matrix[start + i]!;
      if (value === 0) continue;
      for (let j = 0; j < width; j += 1) products[i * width + j]! += value * matrix[start + j]!;
    }
  }
  return products;
}
