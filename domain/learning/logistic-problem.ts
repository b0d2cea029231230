// The logistic regression to solve, and the gradient that says how far from solved it is.
import { type ClassWeights } from './class-weight.ts';
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
  /** How much the loss of a row of each class counts. @default 1 */
  readonly classWeights?: ClassWeights | undefined;
}

/** What a row counts by its label: [negative, positive]. */
export const weightsByLabel = ({ classWeights }: LogisticProblem): readonly [number, number] =>
  classWeights ? [classWeights.negative, classWeights.positive] : [1, 1];

/** What all rows of a problem count together: their number, where all count alike. */
export function totalWeight(problem: LogisticProblem): number {
  const [negative, positive] = weightsByLabel(problem);
  let positives = 0;
  for (const label of problem.labels) positives += label;
  return negative * (problem.labels.length - positives) + positive * positives;
}

/**
 * The gradient of the penalised loss: X'(w · (p − y)) + l2 · c, the intercept without penalty.
 *
 * Formula: of Σ w · log loss + l2/2 · Σ c², as in scikit-learn's LogisticRegression with C = 1 / l2 and class_weight w.
 */
export function lossGradient(problem: LogisticProblem, coefficients: Float64Array): Float64Array {
  const { matrix, width, labels, l2 } = problem;
  const [ofNegative, ofPositive] = weightsByLabel(problem);
  const gradient = coefficients.map((coefficient, column) => (column === 0 ? 0 : l2 * coefficient));
  const rows = labels.length;
  const residual = (row: number, sum: number): number =>
    labels[row] === 1 ? ofPositive * (sigmoid(sum) - 1) : ofNegative * sigmoid(sum);
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

/** Σ w · log loss + l2/2 · Σ coefficient², the intercept without penalty; what `lossGradient` is the gradient of. */
export function penalisedLoss(problem: LogisticProblem, coefficients: Float64Array): number {
  const { matrix, width, labels, l2 } = problem;
  const [ofNegative, ofPositive] = weightsByLabel(problem);
  let loss = coefficients.reduce(
    (sum, coefficient, column) => (column === 0 ? sum : sum + (l2 / 2) * coefficient ** 2),
    0,
  );
  for (let row = 0, start = 0; row < labels.length; row += 1, start += width) {
    let sum = 0;
    for (let column = 0; column < width; column += 1) sum += matrix[start + column]! * coefficients[column]!;
    // ln(1 + exp(±sum)), written so that it does not overflow.
    const against = labels[row] === 1 ? -sum : sum;
    const weight = labels[row] === 1 ? ofPositive : ofNegative;
    loss += weight * (Math.max(against, 0) + Math.log1p(Math.exp(-Math.abs(against))));
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
  return { ...problem, matrix, labels, l2: (problem.l2 * rows) / problem.labels.length };
}

/** X'WX with W what each row counts, row-major width × width. */
export function crossProducts(problem: LogisticProblem): Float64Array {
  const { matrix, width, labels } = problem;
  const weights = weightsByLabel(problem);
  const products = new Float64Array(width * width);
  for (let row = 0, start = 0; row < labels.length; row += 1, start += width) {
    const weight = weights[labels[row]!]!;
    for (let i = 0; i < width; i += 1) {
      const value = weight * matrix[start + i]!;
      if (value === 0) continue;
      for (let j = 0; j < width; j += 1) products[i * width + j]! += value * matrix[start + j]!;
    }
  }
  return products;
}
