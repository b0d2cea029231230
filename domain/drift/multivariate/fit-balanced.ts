// A penalised logistic regression in which both sides weigh the same.
import { CholeskyDecomposition, Matrix } from 'ml-matrix';
import { sigmoid } from '../../learning/sigmoid.ts';
import { type Term } from './terms.ts';

/** Strength of the penalty, as a share of the weight of all rows. */
const PENALTY = 0.02;
const MOST_STEPS = 15;
const STILL = 1e-3;

/**
 * The coefficients of terms, the intercept first, learnt from the given rows.
 *
 * Formula: each step solves against a bound of the Hessian, X'WX/4 + λ, which never overshoots and is factored once.
 * Source: Böhning and Lindsay 1988.
 *
 * @param labels of all rows, 0 or 1
 * @param rows those to learn from, of both labels
 */
export function fitBalanced(terms: readonly Term[], labels: Uint8Array, rows: Uint32Array): Float64Array {
  const width = terms.length + 1;
  const matrix = new Float64Array(rows.length * width);
  for (let start = 0; start < matrix.length; start += width) matrix[start] = 1;
  terms.forEach(({ values }, at) => {
    for (let row = 0; row < rows.length; row += 1)
      matrix[row * width + at + 1] = values[rows[row] as number] as number;
  });
  const targets = Uint8Array.from(rows, (row) => labels[row] as number);
  const weights = balancedWeights(targets);
  const penalty = PENALTY * rows.length;
  const bound = Matrix.from1DArray(width, width, crossProducts(matrix, width, weights)).mul(0.25);
  // The intercept goes without penalty; the little keeps the factors positive.
  for (let at = 0; at < width; at += 1) bound.set(at, at, bound.get(at, at) + (at === 0 ? 1e-9 : penalty));
  const factors = new CholeskyDecomposition(bound);
  let coefficients = new Float64Array(width);
  for (let step = 0; step < MOST_STEPS; step += 1) {
    const slope = gradient({ matrix, width, weights, targets }, coefficients, penalty);
    const move = factors.solve(Matrix.columnVector(slope)).to1DArray();
    coefficients = coefficients.map((value, at) => value - (move[at] as number));
    if (Math.hypot(...move) < STILL) break;
  }
  return coefficients;
}

function balancedWeights(targets: Uint8Array): Float64Array {
  const ones = targets.reduce((sum, target) => sum + target, 0);
  const [zero, one] = [targets.length / (2 * (targets.length - ones)), targets.length / (2 * ones)];
  return Float64Array.from(targets, (target) => (target === 1 ? one : zero));
}

function crossProducts(matrix: Float64Array, width: number, weights: Float64Array): Float64Array {
  const sums = new Float64Array(width * width);
  for (let row = 0; row < weights.length; row += 1) {
    const start = row * width;
    const weight = weights[row] as number;
    for (let i = 0; i < width; i += 1) {
      const value = weight * (matrix[start + i] as number);
      const at = i * width;
      for (let j = i; j < width; j += 1) sums[at + j]! += value * (matrix[start + j] as number);
    }
  }
  for (let i = 0; i < width; i += 1) {
    for (let j = 0; j < i; j += 1) sums[i * width + j] = sums[j * width + i] as number;
  }
  return sums;
}

interface Problem {
  readonly matrix: Float64Array;
  readonly width: number;
  readonly weights: Float64Array;
  readonly targets: Uint8Array;
}

function gradient(
  { matrix, width, weights, targets }: Problem,
  coefficients: Float64Array,
  penalty: number,
): Float64Array {
  const slope = coefficients.map((value, at) => (at === 0 ? 0 : penalty * value));
  for (let row = 0; row < targets.length; row += 1) {
    const start = row * width;
    let logit = 0;
    for (let at = 0; at < width; at += 1)
      logit += (coefficients[at] as number) * (matrix[start + at] as number);
    const residual = (weights[row] as number) * (sigmoid(logit) - (targets[row] as number));
    for (let at = 0; at < width; at += 1) slope[at]! += residual * (matrix[start + at] as number);
  }
  return slope;
}
