// Solves a logistic regression to a stated gradient, or says that it could not.
import { Matrix } from 'ml-matrix';
import { descend, type DescentRows, descentRows } from './gradient-descent.ts';
import {
  crossProducts,
  lossGradient,
  type LogisticProblem,
  totalWeight,
  weightsByLabel,
} from './logistic-problem.ts';
import {
  heavyPenaltyRows,
  isSteep,
  penaltyGradient,
  type PenaltyRows,
  penaltyRows,
  penaltyTarget,
} from './penalty-rows.ts';
import { whiteningOf } from './whitening.ts';

/** Largest length of the gradient, per row or what rows count, at which a fit counts as converged. */
export const TOLERANCE = 1e-6;

// Weights stretch the loss: where a few rows count most of it, a gradient of the usual length leaves more of the way.
const WEIGHTED_TOLERANCE = 1e-8;

/** The length of the gradient at which a fit of the problem counts as converged. */
export const descentTolerance = ({ classWeights }: LogisticProblem): number =>
  classWeights ? WEIGHTED_TOLERANCE : TOLERANCE;

// 20 steps are enough for classes of similar size; the first 10 only say where to state the penalty.
const FIRST_STEPS = 10;
const MOST_STEPS = 2_560;
const MOST_ATTEMPTS = 16;
// How many times the least gradient so far another may be before the descent counts as thrown off.
const RUN_AWAY = 100;

/** Where a solver ended. */
export interface LogisticFit {
  readonly converged: boolean;
  /** One per column of the problem's matrix. */
  readonly coefficients: Float64Array;
  /** Length of the gradient of the penalised loss at the coefficients, per row or what rows count. */
  readonly gradientNorm: number;
  /** Steps of the last descent, or of Newton's method in all. */
  readonly steps: number;
}

/**
 * Minimises the penalised log loss by gradient descent on whitened rows. Columns that depend on each other share their
 * effect. The library cannot go on from where it stopped, so each attempt begins anew: with twice the steps where the
 * last one ended too early, and with the penalty restated around the coefficients that it found.
 *
 * @example fitLogistic({ matrix, width, labels, l2: 1 }, (fraction) => heartbeat(fraction))
 */
export function fitLogistic(problem: LogisticProblem, onProgress?: (fraction: number) => void): LogisticFit {
  let told = 0;
  const tell = (fraction: number): void => onProgress?.((told = Math.max(told, fraction)));
  const penalty = penaltyRows(problem.l2);
  if (!isSteep(penalty)) return descendWith(problem, penalty, tell);
  const gentle = heavyPenaltyRows(problem.l2);
  // Rows that count differently need weights in any case: then the gentle ones cost nothing.
  if (problem.classWeights) return descendWith(problem, gentle, tell);
  const fit = descendWith(problem, penalty, tell);
  // A penalty that is strong beside the data can throw the descent off by steep rows: it begins anew with gentle ones.
  return fit.converged ? fit : descendWith(problem, gentle, tell);
}

function descendWith(
  problem: LogisticProblem,
  penalty: PenaltyRows,
  onProgress: (fraction: number) => void,
): LogisticFit {
  const total = totalWeight(problem);
  const tolerance = descentTolerance(problem);
  const basis = basisOf(problem, penalty);
  const rows = whitenedRows(problem, penalty, basis);
  let statedAt = new Float64Array(problem.width);
  let steps = FIRST_STEPS;
  let least = Infinity;
  for (let attempt = 1; ; attempt += 1) {
    onProgress(1 - 0.8 ** attempt);
    const weights = descend(rows, targetsOf(problem, penalty, statedAt), steps);
    const coefficients = Float64Array.from(basis.mmul(Matrix.columnVector(weights)).to1DArray());
    const gradient = lossGradient(problem, coefficients);
    const gradientNorm = length(gradient) / total;
    const converged = gradientNorm < tolerance;
    const endedEarly =
      length(descended(problem, penalty, gradient, coefficients, statedAt)) / total > tolerance / 2;
    // Restated around what was found, steep rows may lead further away each time.
    const runsAway = isSteep(penalty) && !(gradientNorm <= RUN_AWAY * least);
    const exhausted = attempt === MOST_ATTEMPTS || (endedEarly && steps >= MOST_STEPS) || runsAway;
    if (converged || exhausted) return { converged, coefficients, gradientNorm, steps };
    least = Math.min(least, gradientNorm);
    if (endedEarly) steps *= 2;
    statedAt = coefficients;
  }
}

/** The whitening of the rows with those of the penalty, which add 4 · l2 per penalised column to the cross products. */
function basisOf(problem: LogisticProblem, penalty: PenaltyRows): Matrix {
  const { width, l2 } = problem;
  const products = Matrix.from1DArray(width, width, crossProducts(problem));
  for (let column = 1; column < width; column += 1) {
    products.set(column, column, products.get(column, column) + 4 * l2);
  }
  return whiteningOf(products.div(totalWeight(problem) + penalty.weight * penalty.copies * (width - 1)));
}

function whitenedRows(problem: LogisticProblem, penalty: PenaltyRows, basis: Matrix): DescentRows {
  const { matrix, width, labels } = problem;
  const data = Matrix.from1DArray(labels.length, width, matrix).mmul(basis);
  const weights = weightsOf(problem, penalty);
  if (penalty.copies === 0) return descentRows(data, weights);
  const scaled = Matrix.mul(basis, penalty.scale).to2DArray().slice(1);
  const added = scaled.flatMap((row) => new Array<number[]>(penalty.copies).fill(row));
  return descentRows(new Matrix([...data.to2DArray(), ...added]), weights);
}

/** What each row of the data and of the penalty counts; undefined where all count alike. */
function weightsOf(problem: LogisticProblem, penalty: PenaltyRows): Float64Array | undefined {
  if (!problem.classWeights && penalty.weight === 1) return undefined;
  const { labels, width } = problem;
  const byLabel = weightsByLabel(problem);
  const weights = new Float64Array(labels.length + penalty.copies * (width - 1)).fill(penalty.weight);
  labels.forEach((label, row) => (weights[row] = byLabel[label]!));
  return weights;
}

function targetsOf(
  { labels, width }: LogisticProblem,
  penalty: PenaltyRows,
  statedAt: Float64Array,
): Float64Array {
  const targets = new Float64Array(labels.length + penalty.copies * (width - 1));
  targets.set(labels);
  for (let column = 1, at = labels.length; column < width; column += 1, at += penalty.copies) {
    targets.fill(penaltyTarget(penalty, statedAt[column]!), at, at + penalty.copies);
  }
  return targets;
}

/** The gradient that the descent itself followed: with the rows of the penalty in place of the penalty. */
const descended = (
  { l2 }: LogisticProblem,
  penalty: PenaltyRows,
  gradient: Float64Array,
  coefficients: Float64Array,
  statedAt: Float64Array,
): Float64Array =>
  gradient.map((slope, column) => {
    if (column === 0) return slope;
    const coefficient = coefficients[column]!;
    return slope - l2 * coefficient + penaltyGradient(penalty, coefficient, statedAt[column]!);
  });

const length = (vector: Float64Array): number => Math.hypot(...vector);
