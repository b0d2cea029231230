// Newton's method for a logistic regression: a Hessian from few rows, gradients from all, and steps that must descend.
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

/** Largest length of the gradient, per row or what rows count, at which a fit by Newton's method counts as converged. */
export const NEWTON_TOLERANCE = 1e-8;

// A coefficient of a rare level is hardly seen in the gradient per row: the next step must be short as well. In log-odds,
// of the row that the column moves most, and as a share of the greatest such effect of a column once that is above 1.
const STILL = 1e-6;
// A last step of this length leaves less than the sample's optimum is off by.
const SAMPLE_STILL = 0.1;
// Each step adds about 1 to a log-odds that grows without a bound: enough for those that any penalty above 0 allows.
const MAX_NEWTON_STEPS = 1_000;
const MAX_SECANT_STEPS = 12;
const MAX_HALVINGS = 60;
// Of the descent that the slope promises, the share that is enough (Armijo's condition), and by which the slope may be
// left over where the loss itself cannot be told from rounding (Hager and Zhang 2005, the approximate Wolfe condition).
const ENOUGH = 1e-4;
// A sum over n rows is known to about this share.
const ROUNDING = 1e-14;
// Steps that lower the loss by less than that still settle coefficients along which it hardly changes.
const MAX_STEPS_WITHIN_ROUNDING = 5;
const TINY_PIVOT = 1e-15;

/**
 * Minimises the penalised log loss, from any start: a step is taken only if the loss falls, and shortened until it does.
 * The loss is convex, and strictly so with a penalty, so this ends at its minimum (Boyd and Vandenberghe, Convex
 * Optimization, 9.5.3), whatever the order of the rows.
 *
 * A large problem is first solved on a sample. If that start is no better than none, it is dropped. Gradient passes over
 * all rows go on from there, with the sample's Hessian and secant updates; what they leave, Newton steps on all rows
 * finish. Converged: the gradient is below `NEWTON_TOLERANCE` per row and the next step below a millionth of a log-odds,
 * or no step lowers the loss by more than its rounding. Without a penalty, separated classes leave the loss without a
 * minimum: that has not converged, however small the gradient.
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
  if (close.converged) return { ...judged(problem, close), steps: before };
  const exact = newtonSteps(problem, close.coefficients, (part) => onProgress?.(0.9 + part / 10));
  return { ...exact, steps: before + exact.steps };
}

/** `fitNewton` without the sample, from any start: one that loses more than the intercept alone is dropped. */
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
      judged(problem, { converged, coefficients: at.coefficients, gradientNorm, steps, solver: 'newton' });
    if (gradientNorm < NEWTON_TOLERANCE && isShort(direction, at.coefficients, reach, STILL))
      return end(true);
    const isRounding = -dot(at.gradient, direction) / 2 <= ROUNDING * at.loss();
    if (isRounding) withinRounding += 1;
    // Without a penalty a coefficient may have no end, so that more steps would only follow it.
    if (withinRounding > (problem.l2 > 0 ? MAX_STEPS_WITHIN_ROUNDING : 0)) return end(true);
    const next = steps < MAX_NEWTON_STEPS ? descend(problem, at, direction) : undefined;
    if (!next) return end(isRounding);
    at = next;
  }
}

/** Newton steps on the sample, until the last is short. */
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

/** The steps that the sample's Hessian gives, corrected by what each taught. */
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

/** The point that a step leads to, halved until the loss falls; none if it never does, or the step leads uphill. */
function descend(problem: LogisticProblem, from: LossAt, direction: Float64Array): LossAt | undefined {
  const slope = dot(from.gradient, direction);
  if (!(slope < 0)) return undefined;
  for (let halving = 0, length = 1; halving <= MAX_HALVINGS; halving += 1, length /= 2) {
    const next = lossAt(problem, plus(from.coefficients, direction, length));
    const left = dot(next.gradient, direction);
    // A convex loss that still falls here has fallen all the way.
    if (left <= 0) return next;
    const risen = next.loss() - from.loss();
    if (risen <= ENOUGH * length * slope) return next;
    if (Math.abs(risen) <= ROUNDING * from.loss() && left <= (1 - 2 * ENOUGH) * -slope) return next;
  }
  return undefined;
}

/** Where a fit ended; without a penalty classes that are separated are no end. */
function judged(problem: LogisticProblem, fit: LogisticFit): LogisticFit {
  if (problem.l2 > 0 || !isSeparated(problem, fit.coefficients)) return fit;
  return { ...fit, converged: false, separated: true };
}

/** Whether every row lies on the side of its class, which proves that the classes are separated. */
const isSeparated = (problem: LogisticProblem, coefficients: Float64Array): boolean =>
  problem.labels.every((label, row) => {
    const score = scoreOf(problem, coefficients, row);
    return label === 1 ? score > 0 : score < 0;
  });

/** Whether no column's share of a step changes the log-odds of a row by more than `still`. */
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

/** By column the greatest value of a row. */
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

/** The best model of the intercept alone: the log-odds of the class prior. */
function emptyModel(problem: LogisticProblem): Float64Array {
  const [negatives, positives] = classTotals(problem);
  const start = new Float64Array(problem.width);
  if (negatives > 0 && positives > 0) start[0] = Math.log(positives / negatives);
  return start;
}

/** The loss at a start, or at the empty model if that loses less. */
function betterStart(problem: LogisticProblem, start: Float64Array): LossAt {
  const found = lossAt(problem, start);
  const [negatives, positives] = classTotals(problem);
  const total = negatives + positives;
  const entropy = [negatives, positives].reduce(
    (sum, count) => (count > 0 ? sum - count * Math.log(count / total) : sum),
    0,
  );
  // NaN included: where the start overflows, it is dropped.
  return found.loss() <= entropy ? found : lossAt(problem, emptyModel(problem));
}

/** Solves H x = v. A Hessian of columns that depend on each other gets the least ridge that makes it definite. */
function solverOf(hessian: Matrix): (vector: Float64Array) => Float64Array {
  // In units in which its diagonal is about 1, so that a column's own size is no reason for a ridge; powers of 2 are exact.
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
    // A pivot that is rounding would send the step far along a direction in which the loss does not change.
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
 * X'WX + l2 · I with W = p(1 − p) times what the row counts, the intercept without penalty; width × width.
 *
 * The products of two columns of two rows are added at once, for the lower half only.
 */
export function lossHessian(problem: LogisticProblem, coefficients: Float64Array): Matrix {
  const { matrix, width, labels, l2, rowWeights } = problem;
  const byLabel = weightsByLabel(problem);
  const lower = new Float64Array(width * width);
  const rows = labels.length;
  const weightOf = (row: number): number => {
    // p(1 − p) from the side that keeps its digits.
    const e = Math.exp(-Math.abs(scoreOf(problem, coefficients, row)));
    const weight = (byLabel[labels[row] as number] as number) * (e / (1 + e) ** 2);
    return rowWeights ? (rowWeights[row] as number) * weight : weight;
  };
  for (let row = 0; row < rows; row += 2) {
    const a = row * width;
    // Without a second row its place is taken by the first, with no weight.
    const b = row + 1 < rows ? a + width : a;
    const weightA = weightOf(row);
    const weightB = b === a ? 0 : weightOf(row + 1);
    for (let i = 0; i < width; i += 1) {
      const ofA = weightA * (matrix[a + i] as number);
      const ofB = weightB * (matrix[b + i] as number);
      // Indicators are mostly 0.
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
