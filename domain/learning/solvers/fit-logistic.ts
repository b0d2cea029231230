// Solves a logistic regression by gradient descent, finished by Newton's method.
import { Matrix } from 'ml-matrix';
import { newtonSteps } from './fit-newton.ts';
import { descend, type DescentRows, descentRows, whiteningOf } from './gradient-descent.ts';
import {
  crossProducts,
  type LogisticFit,
  type LogisticProblem,
  lossGradient,
  totalWeight,
  weightsByLabel,
} from './logistic-problem.ts';
import { sigmoid } from '../../data/math/special-functions.ts';

/** The descent ends when the length of the gradient, divided by the total weight of the rows, is below this. */
export const TOLERANCE = 1e-6;

// 20 steps are enough for classes of similar size; the first 10 only show around which point to approximate the penalty.
const FIRST_STEPS = 10;
// If more steps are needed, Newton's method is faster.
const MAX_STEPS = 160;
const MAX_ATTEMPTS = 6;

/**
 * Minimises the penalised log loss by gradient descent on whitened rows, and finishes with Newton steps. The Newton
 * steps determine what hardly affects the gradient, such as the coefficient of a rare level or a penalty close to 0. If
 * the descent does not converge, they start from the coefficients that it has reached. Linearly dependent columns share
 * their effect.
 *
 * The library (ml-logistic-regression) cannot continue from where it stopped, so each attempt starts again: with twice
 * the steps if the last one ended too early, and with the penalty approximated around the coefficients that it found.
 *
 * @example fitLogistic({ matrix, width, labels, l2: 1 }, (fraction) => heartbeat(fraction))
 */
export function fitLogistic(problem: LogisticProblem, onProgress?: (fraction: number) => void): LogisticFit {
  const { coefficients, steps, isDone } = descent(problem, (fraction) => onProgress?.(0.9 * fraction));
  const fit = newtonSteps(problem, coefficients, (fraction) => onProgress?.(0.9 + fraction / 10));
  return isDone ? { ...fit, solver: 'gradient-descent', steps } : { ...fit, steps: steps + fit.steps };
}

interface Descent {
  readonly coefficients: Float64Array;
  /** Steps of the last attempt. */
  readonly steps: number;
  /** Whether the gradient is below the tolerance. */
  readonly isDone: boolean;
}

function descent(problem: LogisticProblem, onProgress: (fraction: number) => void): Descent {
  const total = totalWeight(problem);
  const penalty = penaltyRows(problem.l2);
  const basis = basisOf(problem, penalty);
  const rows = whitenedRows(problem, penalty, basis);
  let center = new Float64Array(problem.width);
  let steps = FIRST_STEPS;
  for (let attempt = 1; ; attempt += 1) {
    onProgress(1 - 0.8 ** attempt);
    const weights = descend(rows, targetsOf(problem, penalty, center), steps);
    const coefficients = Float64Array.from(basis.mmul(Matrix.columnVector(weights)).to1DArray());
    const gradient = lossGradient(problem, coefficients);
    const isDone = length(gradient) / total < TOLERANCE;
    const followed = penalty ? descended(problem, penalty, { gradient, coefficients, center }) : gradient;
    const endedEarly = length(followed) / total > TOLERANCE / 2;
    if (isDone || attempt === MAX_ATTEMPTS || (endedEarly && steps >= MAX_STEPS)) {
      return { coefficients, steps, isDone };
    }
    if (endedEarly) steps *= 2;
    center = coefficients;
  }
}

/** Whitens the rows together with the penalty rows, which add 4 · l2 per penalised column to the cross products. */
function basisOf(problem: LogisticProblem, penalty: PenaltyRows | undefined): Matrix {
  const { width, l2 } = problem;
  const products = Matrix.from1DArray(width, width, crossProducts(problem));
  for (let column = 1; column < width; column += 1) {
    products.set(column, column, products.get(column, column) + 4 * l2);
  }
  return whiteningOf(products.div(totalWeight(problem) + (penalty?.weight ?? 0) * (width - 1)));
}

function whitenedRows(
  problem: LogisticProblem,
  penalty: PenaltyRows | undefined,
  basis: Matrix,
): DescentRows {
  const { matrix, width, labels } = problem;
  const { columns } = basis;
  const added = penalty ? width - 1 : 0;
  const features = new Float64Array((labels.length + added) * columns);
  const vectors = Array.from({ length: columns }, (_, column) => Float64Array.from(basis.getColumn(column)));
  for (let row = 0; row < labels.length; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const vector = vectors[column]!;
      let sum = 0;
      for (let at = 0; at < width; at += 1) sum += matrix[row * width + at]! * vector[at]!;
      features[row * columns + column] = sum;
    }
  }
  for (let row = 0; row < added; row += 1) {
    for (let column = 0; column < columns; column += 1)
      features[(labels.length + row) * columns + column] = vectors[column]![row + 1]! * penalty!.scale;
  }
  return descentRows(features, labels.length + added, weightsOf(problem, penalty));
}

/** Returns the weights of the data rows and the penalty rows; undefined if all are 1. */
function weightsOf(problem: LogisticProblem, penalty: PenaltyRows | undefined): Float64Array | undefined {
  if (!problem.classWeights && !penalty) return undefined;
  const { labels, width } = problem;
  const byLabel = weightsByLabel(problem);
  const weights = new Float64Array(labels.length + (penalty ? width - 1 : 0)).fill(penalty?.weight ?? 1);
  labels.forEach((label, row) => (weights[row] = byLabel[label]!));
  return weights;
}

function targetsOf(
  { labels, width }: LogisticProblem,
  penalty: PenaltyRows | undefined,
  center: Float64Array,
): Float64Array {
  if (!penalty) return Float64Array.from(labels);
  const targets = new Float64Array(labels.length + width - 1);
  targets.set(labels);
  for (let column = 1; column < width; column += 1) {
    targets[labels.length + column - 1] = penaltyTarget(penalty, center[column]!);
  }
  return targets;
}

/**
 * Returns the gradient that the descent followed: the gradient of the exact penalty is replaced by that of the extra rows
 * that stand in for it ({@link PenaltyRows}).
 */
const descended = (
  { l2 }: LogisticProblem,
  penalty: PenaltyRows,
  at: { gradient: Float64Array; coefficients: Float64Array; center: Float64Array },
): Float64Array =>
  at.gradient.map((slope, column) => {
    if (column === 0) return slope;
    const coefficient = at.coefficients[column]!;
    return slope - l2 * coefficient + penaltyGradient(penalty, coefficient, at.center[column]!);
  });

const length = (vector: Float64Array): number => Math.hypot(...vector);

// With a larger scale, rows leave the range in which their loss is nearly a parabola and need a new center more often.
const SCALE = 0.5;

/**
 * Extra rows that replace the penalty l2/2 · Σ coefficient², because the library does not support a penalty. Each
 * penalised column has one row with `scale` in that column, 0 elsewhere and the weight `weight`, where weight · scale²
 * = 4 · l2. Near 0 the log loss of such a row has the curvature of the penalty.
 */
interface PenaltyRows {
  readonly scale: number;
  readonly weight: number;
}

/** Returns the penalty rows for a strength; undefined for 0. @example penaltyRows(1) // { scale: 0.5, weight: 16 } */
const penaltyRows = (l2: number): PenaltyRows | undefined =>
  l2 === 0 ? undefined : { scale: SCALE, weight: (4 * l2) / SCALE ** 2 };

/**
 * Returns the target of a column's penalty row with which the gradient of that row at `coefficient` is exactly the
 * gradient of the penalty.
 *
 * Formula: weight · scale · (σ(scale · c) − t) = l2 · c gives t = σ(scale · c) − scale · c / 4. At 0 it is ½. If a fit with
 * the targets of c gives c again, c is the exact optimum of the penalised loss.
 */
const penaltyTarget = ({ scale }: PenaltyRows, coefficient: number): number =>
  sigmoid(scale * coefficient) - (scale * coefficient) / 4;

/** Returns the gradient of a column's penalty row at `coefficient`, with the target chosen for `center`. */
const penaltyGradient = (row: PenaltyRows, coefficient: number, center: number): number =>
  row.weight * row.scale * (sigmoid(row.scale * coefficient) - penaltyTarget(row, center));
