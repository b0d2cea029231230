// Newton's method for a logistic regression: a Hessian from few rows, gradients from all.
import { CholeskyDecomposition, Matrix } from 'ml-matrix';
import { type LogisticFit } from './fit-logistic.ts';
import {
  type LogisticProblem,
  lossGradient,
  penalisedLoss,
  thinned,
  totalWeight,
} from './logistic-problem.ts';
import { lossHessian } from './loss-hessian.ts';
import { SecantUpdates } from './secant-updates.ts';

/** Largest length of the gradient, per row or what rows count, at which a fit by Newton's method counts as converged. */
export const NEWTON_TOLERANCE = 1e-8;

// Below this many rows a Hessian of all of them costs less than the passes that it saves.
const LEAST_SAMPLE = 2_000;
const SAMPLE_SHARE = 0.03;
// The sample's optimum is off by about 1 / √sample; more digits of it are wasted.
const SAMPLE_TOLERANCE = 1e-4;
const MOST_NEWTON_STEPS = 50;
const MOST_SECANT_STEPS = 12;
const MOST_HALVINGS = 30;
const TINY_PIVOT = 1e-14;

/**
 * Minimises the penalised log loss.
 *
 * A large problem is first solved on every n-th row. Full gradient passes then go on from there, with that sample's
 * Hessian and secant updates; where they come to no end, Newton steps on all rows do. Every step on the way is taken
 * only if it lowers the gradient or the loss, so that the method cannot run away from a poor start.
 *
 * @example fitNewton({ matrix, width, labels, l2: 1 })
 */
export function fitNewton(problem: LogisticProblem, onProgress?: (fraction: number) => void): LogisticFit {
  const rows = problem.labels.length;
  const stride = Math.max(1, Math.floor(rows / Math.max(LEAST_SAMPLE, rows * SAMPLE_SHARE)));
  const sample = thinned(problem, stride);
  const start = new Float64Array(problem.width);
  if (stride === 1 || hasOneClass(sample)) return newtonSteps(problem, start, NEWTON_TOLERANCE);
  const near = newtonSteps(sample, start, SAMPLE_TOLERANCE);
  onProgress?.(0.3);
  const close = secantSteps(problem, sample, near.coefficients);
  onProgress?.(0.9);
  if (close.converged) return { ...close, steps: near.steps + close.steps };
  const exact = newtonSteps(problem, close.coefficients, NEWTON_TOLERANCE);
  return { ...exact, steps: near.steps + close.steps + exact.steps };
}

function newtonSteps(problem: LogisticProblem, start: Float64Array, tolerance: number): LogisticFit {
  const total = totalWeight(problem);
  let coefficients = start;
  let gradient = lossGradient(problem, coefficients);
  for (let steps = 0; ; steps += 1) {
    const gradientNorm = Math.hypot(...gradient) / total;
    const fit = { converged: gradientNorm < tolerance, coefficients, gradientNorm, steps };
    if (fit.converged || steps === MOST_NEWTON_STEPS) return fit;
    const step = solverOf(lossHessian(problem, coefficients))(gradient);
    const whole = minus(coefficients, step);
    const thenGradient = lossGradient(problem, whole);
    if (Math.hypot(...thenGradient) < Math.hypot(...gradient)) {
      coefficients = whole;
      gradient = thenGradient;
      continue;
    }
    const shorter = shorterStep(problem, coefficients, step);
    // No step of any length lowers the loss: this is its least value to rounding.
    if (!shorter) return fit;
    coefficients = shorter;
    gradient = lossGradient(problem, coefficients);
  }
}

/** The coefficients after the step, halved until the loss is lower than before; none where it never is. */
function shorterStep(
  problem: LogisticProblem,
  from: Float64Array,
  step: Float64Array,
): Float64Array | undefined {
  const loss = penalisedLoss(problem, from);
  for (let halving = 0, length = 1; halving < MOST_HALVINGS; halving += 1, length /= 2) {
    const coefficients = minus(
      from,
      step.map((value) => value * length),
    );
    if (penalisedLoss(problem, coefficients) < loss) return coefficients;
  }
  return undefined;
}

const minus = (a: Float64Array, b: Float64Array): Float64Array => a.map((value, at) => value - b[at]!);

function secantSteps(problem: LogisticProblem, sample: LogisticProblem, start: Float64Array): LogisticFit {
  const total = totalWeight(problem);
  const solveSample = solverOf(lossHessian(sample, start));
  const share = sample.labels.length / problem.labels.length;
  const updates = new SecantUpdates((gradient) => solveSample(gradient).map((value) => value * share));
  let coefficients = start;
  let gradient = lossGradient(problem, coefficients);
  for (let steps = 0; ; steps += 1) {
    const gradientNorm = Math.hypot(...gradient) / total;
    const fit = { converged: gradientNorm < NEWTON_TOLERANCE, coefficients, gradientNorm, steps };
    if (fit.converged || steps === MOST_SECANT_STEPS) return fit;
    const step = updates.stepFor(gradient).map((value) => -value);
    const next = coefficients.map((value, column) => value + step[column]!);
    const nextGradient = lossGradient(problem, next);
    // NaN included: whatever does not come closer is left to Newton's method on all rows.
    if (!(Math.hypot(...nextGradient) < Math.hypot(...gradient))) return fit;
    updates.learn(
      step,
      nextGradient.map((value, column) => value - gradient[column]!),
    );
    coefficients = next;
    gradient = nextGradient;
  }
}

/** Solves H x = v. A Hessian of columns that depend on each other gets the least ridge that makes it definite. */
function solverOf(hessian: Matrix): (vector: Float64Array) => Float64Array {
  const size = Math.max(...hessian.diagonal());
  for (let ridge = 0; ; ridge = Math.max(ridge * 100, 1e-13 * size)) {
    const raised = ridge === 0 ? hessian : Matrix.add(hessian, Matrix.eye(hessian.rows).mul(ridge));
    const factors = new CholeskyDecomposition(raised);
    // A pivot that is rounding would send the step far along a direction in which the loss does not change.
    const pivots = factors.lowerTriangularMatrix.diagonal().map((pivot) => pivot * pivot);
    if ((factors.isPositiveDefinite() && Math.min(...pivots) > TINY_PIVOT * size) || ridge > size) {
      return (vector) => Float64Array.from(factors.solve(Matrix.columnVector(vector)).to1DArray());
    }
  }
}

const hasOneClass = ({ labels }: LogisticProblem): boolean => labels.every((label) => label === labels[0]);
