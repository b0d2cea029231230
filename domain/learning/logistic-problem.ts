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
  for (let row = 0, start = 0; row < labels.length; row += 1, start += width) {
    let sum = 0;
    for (let column = 0; column < width; column += 1) sum += matrix[start + column]! * coefficients[column]!;
    const residual = sigmoid(sum) - labels[row]!;
    for (let column = 0; column < width; column += 1) gradient[column]! += residual * matrix[start + column]!;
  }
  return gradient;
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
