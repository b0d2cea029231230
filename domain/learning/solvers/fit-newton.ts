// Newton's method for logistic regression: a Hessian from a sample, gradients from all rows, and steps that must lower the loss.
import { CholeskyDecomposition, Matrix } from 'ml-matrix';
import {
  classTotals,
  type LogisticFit,
  type LogisticProblem,
  type LossAt,
  lossAt,
  scoreOf,
  totalWeight,
  weightsByLabel,
} from './logistic-problem.ts';
import { sampleProblem } from './sample-problem.ts';
import { SecantUpdates } from './secant-updates.ts';

/**
 * Convergence of Newton's method requires that the length of the gradient, divided by the total weight of the rows, is
 * below this.
 */
export const NEWTON_TOLERANCE = 1e-8;

// The coefficient of a rare level hardly affects the gradient per row, so convergence also requires that the next step
// is shorter than this. A column's share of the step is measured by the largest change of log-odds that it causes in
// any row, relative to the largest effect of any column on the log-odds of a row if that is above 1.
const STILL = 1e-6;
// On the sample, steps end when they are shorter than this, because the sample's optimum is itself less exact.
const SAMPLE_STILL = 0.1;
// Log-odds that grow without bound grow by about 1 per step: this many steps are enough for any penalty above 0.
const MAX_NEWTON_STEPS = 1_000;
const MAX_SECANT_STEPS = 12;
const MAX_HALVINGS = 60;
// A step must lower the loss by at least this share of the decrease that the slope predicts (Armijo's condition). It
// also bounds the remaining slope if the change of the loss is within rounding error (Hager and Zhang 2005, the
// approximate Wolfe condition).
const ENOUGH = 1e-4;
// Relative rounding error of a sum over all rows, roughly.
const ROUNDING = 1e-14;
// Steps that lower the loss by less than its rounding error can still improve coefficients that hardly affect it.
const MAX_STEPS_WITHIN_ROUNDING = 5;
const TINY_PIVOT = 1e-15;

/**
 * Minimises the penalised log loss. A step is shortened until it lowers the loss. The loss is convex, and strictly convex
 * with a penalty, so this reaches its minimum from any start and in any order of the rows (Boyd and Vandenberghe, Convex
 * Optimization, 9.5.3).
 *
 * A large problem is first solved on a sample. If the result is not better than the intercept-only model, that model is
 * used instead. The following steps use gradients of all rows with the sample's Hessian and secant updates. If they do
 * not converge, Newton steps on all rows complete the fit. Converged means that the gradient is below
 * `NEWTON_TOLERANCE` per row and the next step below 1e-6 log-odds, or that no step lowers the loss by more than its
 * rounding error. If the classes are separated and there is no penalty, the loss has no minimum: such a fit has not
 * converged, however small its gradient.
 *
 * @example fitNewton({ matrix, width, labels, l2: 1 })
 */
export function fitNewton(problem: LogisticProblem, onProgress?: (fraction: number) => void): LogisticFit {
  const sample = sampleProblem(problem);
  if (!sample) return newtonSteps(problem, emptyModel(problem), onProgress);
  const near = nearOptimum(sample);
  onProgress?.(0.3);
  const close = secantSteps(problem, sample, betterStart(problem, near.coefficients));
  onProgress?.(0.9);
  const before = near.steps + close.steps;
  if (close.converged) return { ...withSeparation(problem, close), steps: before };
  const exact = newtonSteps(problem, close.coefficients, (part) => onProgress?.(0.9 + part / 10));
  return { ...exact, steps: before + exact.steps };
}

/**
 * Does the same as `fitNewton` without the sample. A start with a higher loss than the intercept-only model is replaced
 * by that model.
 */
export function newtonSteps(
  problem: LogisticProblem,
  start: Float64Array,
  onProgress?: (fraction: number) => void,
): LogisticFit {
  const total = totalWeight(problem);
  const reach = reachOf(problem);
  let at = betterStart(problem, start);
  let withinRounding = 0;
  for (let steps = 0; ; steps += 1) {
    onProgress?.(1 - 0.8 ** steps);
    const direction = newtonDirection(problem, at);
    const gradientNorm = Math.hypot(...at.gradient) / total;
    const end = (converged: boolean): LogisticFit =>
      withSeparation(problem, {
        converged,
        coefficients: at.coefficients,
        gradientNorm,
        steps,
        solver: 'newton',
      });
    if (gradientNorm < NEWTON_TOLERANCE && isShort(direction, at.coefficients, reach, STILL))
      return end(true);
    const isRounding = -dot(at.gradient, direction) / 2 <= ROUNDING * at.loss();
    if (isRounding) withinRounding += 1;
    // Without a penalty a coefficient may grow without bound, and more steps would only follow it.
    if (withinRounding > (problem.l2 > 0 ? MAX_STEPS_WITHIN_ROUNDING : 0)) return end(true);
    const next = steps < MAX_NEWTON_STEPS ? descend(problem, at, direction) : undefined;
    if (!next) return end(isRounding);
    at = next;
  }
}

/** Takes Newton steps on the sample until the last one is short. */
function nearOptimum(sample: LogisticProblem): { coefficients: Float64Array; steps: number } {
  const reach = reachOf(sample);
  let at = lossAt(sample, emptyModel(sample));
  for (let steps = 1; ; steps += 1) {
    const direction = newtonDirection(sample, at);
    if (isShort(direction, at.coefficients, reach, SAMPLE_STILL)) {
      return { coefficients: plus(at.coefficients, direction), steps };
    }
    const next = steps < MAX_NEWTON_STEPS ? descend(sample, at, direction) : undefined;
    if (!next) return { coefficients: at.coefficients, steps };
    at = next;
  }
}

/** Takes steps on all rows with the sample's Hessian, corrected by secant updates after each step. */
function secantSteps(problem: LogisticProblem, sample: LogisticProblem, start: LossAt): LogisticFit {
  const total = totalWeight(problem);
  const reach = reachOf(sample);
  const updates = new SecantUpdates(solverOf(lossHessian(sample, start.coefficients)));
  let at = start;
  for (let steps = 0; ; steps += 1) {
    const direction = updates.stepFor(at.gradient).map((value) => -value);
    const gradientNorm = Math.hypot(...at.gradient) / total;
    const converged = gradientNorm < NEWTON_TOLERANCE && isShort(direction, at.coefficients, reach, STILL);
    const next = converged || steps === MAX_SECANT_STEPS ? undefined : descend(problem, at, direction);
    if (!next) return { converged, coefficients: at.coefficients, gradientNorm, steps, solver: 'newton' };
    updates.learn(minus(next.coefficients, at.coefficients), minus(next.gradient, at.gradient));
    at = next;
  }
}

const newtonDirection = (problem: LogisticProblem, { coefficients, gradient }: LossAt): Float64Array =>
  solverOf(lossHessian(problem, coefficients))(gradient).map((value) => -value);

/** Takes a step, halved until the loss falls. Returns undefined if it never falls or the direction is uphill. */
function descend(problem: LogisticProblem, from: LossAt, direction: Float64Array): LossAt | undefined {
  const slope = dot(from.gradient, direction);
  if (!(slope < 0)) return undefined;
  for (let halving = 0, length = 1; halving <= MAX_HALVINGS; halving += 1, length /= 2) {
    const next = lossAt(problem, plus(from.coefficients, direction, length));
    const left = dot(next.gradient, direction);
    // The loss is convex: if it is still falling here, it has fallen all along the step.
    if (left <= 0) return next;
    const risen = next.loss() - from.loss();
    if (risen <= ENOUGH * length * slope) return next;
    if (Math.abs(risen) <= ROUNDING * from.loss() && left <= (1 - 2 * ENOUGH) * -slope) return next;
  }
  return undefined;
}

/** Returns the fit, marked as not converged if the classes are separated and there is no penalty. */
function withSeparation(problem: LogisticProblem, fit: LogisticFit): LogisticFit {
  if (problem.l2 > 0 || !isSeparated(problem, fit.coefficients)) return fit;
  return { ...fit, converged: false, separated: true };
}

/** Whether the log-odds of every row have the sign of its class, which proves that the classes are separated. */
const isSeparated = (problem: LogisticProblem, coefficients: Float64Array): boolean =>
  problem.labels.every((label, row) => {
    const score = scoreOf(problem, coefficients, row);
    return label === 1 ? score > 0 : score < 0;
  });

/**
 * Whether no column's share of a step changes the log-odds of a row by more than `still` times the largest effect of a
 * column (at least 1).
 */
function isShort(
  step: Float64Array,
  coefficients: Float64Array,
  reach: Float64Array,
  still: number,
): boolean {
  let greatest = 1;
  for (let column = 1; column < reach.length; column += 1) {
    greatest = Math.max(greatest, Math.abs(coefficients[column]!) * reach[column]!);
  }
  return step.every((value, column) => Math.abs(value) * reach[column]! <= still * greatest);
}

/** Returns the largest absolute value of each column. */
function reachOf({ matrix, width }: LogisticProblem): Float64Array {
  const reach = new Float64Array(width);
  for (let start = 0; start < matrix.length; start += width) {
    for (let column = 0; column < width; column += 1) {
      const value = Math.abs(matrix[start + column] as number);
      if (value > (reach[column] as number)) reach[column] = value;
    }
  }
  return reach;
}

/** Returns the best intercept-only model: the log-odds of the class prior. */
function emptyModel(problem: LogisticProblem): Float64Array {
  const [negatives, positives] = classTotals(problem);
  const start = new Float64Array(problem.width);
  if (negatives > 0 && positives > 0) start[0] = Math.log(positives / negatives);
  return start;
}

/** Returns the loss at the start, or at the intercept-only model if that is lower. */
function betterStart(problem: LogisticProblem, start: Float64Array): LossAt {
  const found = lossAt(problem, start);
  const [negatives, positives] = classTotals(problem);
  const total = negatives + positives;
  const entropy = [negatives, positives].reduce(
    (sum, count) => (count > 0 ? sum - count * Math.log(count / total) : sum),
    0,
  );
  // A start whose loss overflows to NaN is dropped as well.
  return found.loss() <= entropy ? found : lossAt(problem, emptyModel(problem));
}

/** Returns a solver of H x = v. If columns are linearly dependent, the smallest ridge that makes H positive definite is added. */
function solverOf(hessian: Matrix): (vector: Float64Array) => Float64Array {
  // Scaled so that the diagonal is about 1, because a column's size alone must not require a ridge. Powers of 2 are exact.
  const units = Float64Array.from(hessian.diagonal(), (value) =>
    value > 0 ? 2 ** -Math.round(Math.log2(value) / 2) : 1,
  );
  const scaled = hessian
    .clone()
    .mulRowVector([...units])
    .mulColumnVector([...units]);
  for (let ridge = 0; ; ridge = Math.max(ridge * 100, 1e-14)) {
    const raised = ridge === 0 ? scaled : Matrix.add(scaled, Matrix.eye(scaled.rows).mul(ridge));
    const factors = new CholeskyDecomposition(raised);
    // A pivot that is only rounding error would make the step huge along a direction in which the loss does not change.
    const pivots = factors.lowerTriangularMatrix.diagonal().map((pivot) => pivot * pivot);
    if ((factors.isPositiveDefinite() && Math.min(...pivots) > TINY_PIVOT) || ridge > 1) {
      return (vector) => {
        const solved = factors.solve(Matrix.columnVector(vector.map((value, at) => value * units[at]!)));
        return Float64Array.from(solved.to1DArray(), (value, at) => value * units[at]!);
      };
    }
  }
}

const plus = (a: Float64Array, b: Float64Array, times = 1): Float64Array =>
  a.map((value, at) => value + times * b[at]!);

const minus = (a: Float64Array, b: Float64Array): Float64Array => a.map((value, at) => value - b[at]!);

const dot = (a: Float64Array, b: Float64Array): number =>
  a.reduce((sum, value, at) => sum + value * b[at]!, 0);

/**
 * Returns the Hessian X'WX + l2 · I, where W = p(1 − p) · weight of the row and the intercept is not penalised; width × width.
 *
 * Two rows are added per pass, and only to the lower half of the matrix, because that is faster.
 */
export function lossHessian(problem: LogisticProblem, coefficients: Float64Array): Matrix {
  const { matrix, width, labels, l2, rowWeights } = problem;
  const byLabel = weightsByLabel(problem);
  const lower = new Float64Array(width * width);
  const rows = labels.length;
  const weightOf = (row: number): number => {
    // Computes p(1 − p) from the smaller of p / (1 − p) and its inverse, so that no digits are lost.
    const e = Math.exp(-Math.abs(scoreOf(problem, coefficients, row)));
    const weight = (byLabel[labels[row] as number] as number) * (e / (1 + e) ** 2);
    return rowWeights ? (rowWeights[row] as number) * weight : weight;
  };
  for (let row = 0; row < rows; row += 2) {
    const a = row * width;
    // If there is no second row, the first takes its place with weight 0.
    const b = row + 1 < rows ? a + width : a;
    const weightA = weightOf(row);
    const weightB = b === a ? 0 : weightOf(row + 1);
    for (let i = 0; i < width; i += 1) {
      const ofA = weightA * (matrix[a + i] as number);
      const ofB = weightB * (matrix[b + i] as number);
      // Skipped, because most values of indicator columns are 0.
      if (ofA === 0 && ofB === 0) continue;
      const at = i * width;
      for (let j = 0; j <= i; j += 1) {
        lower[at + j]! += ofA * (matrix[a + j] as number) + ofB * (matrix[b + j] as number);
      }
    }
  }
  const hessian = new Matrix(width, width);
  for (let i = 0; i < width; i += 1) {
    for (let j = 0; j < i; j += 1) {
      hessian.set(i, j, lower[i * width + j]!);
      hessian.set(j, i, lower[i * width + j]!);
    }
    hessian.set(i, i, lower[i * width + i]! + (i === 0 ? 0 : l2));
  }
  return hessian;
}
