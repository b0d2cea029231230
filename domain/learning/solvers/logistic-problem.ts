// The logistic regression problem: its data, loss and gradient.
import { type ClassWeights } from '../metrics/class-counts.ts';

/** How the optimum is found: by ml-logistic-regression's gradient descent, or by Newton's method. */
export type Solver = 'gradient-descent' | 'newton';

/** Encoded training rows with their labels. */
export interface LogisticProblem {
  /** Row-major, `labels.length` × `width`; column 0 is the intercept. */
  readonly matrix: Float64Array;
  readonly width: number;
  /** 0 or 1 per row. */
  readonly labels: Uint8Array;
  /** Strength of the penalty, from 0. */
  readonly l2: number;
  /** Weight of the loss of the rows of each class. @default 1 */
  readonly classWeights?: ClassWeights | undefined;
  /** Weight of the loss of each row, multiplied by that of its class. @default 1 */
  readonly rowWeights?: Float64Array | undefined;
}

/** The result of a solver. */
export interface LogisticFit {
  /** Whether the coefficients are at the minimum, up to the tolerance or the rounding error of the loss. */
  readonly converged: boolean;
  /** One per column of the problem's matrix. */
  readonly coefficients: Float64Array;
  /** Length of the gradient of the penalised loss at the coefficients, divided by the total weight of the rows. */
  readonly gradientNorm: number;
  /** Steps of the last descent, or all steps of Newton's method. */
  readonly steps: number;
  /** The solver that reached the minimum. */
  readonly solver: Solver;
  /** Whether the classes are separated and no penalty bounds the coefficients. @default false */
  readonly separated?: boolean;
}

/** Returns the weights of a row by its label: [negative, positive]. */
export const weightsByLabel = ({ classWeights }: LogisticProblem): readonly [number, number] =>
  classWeights ? [classWeights.negative, classWeights.positive] : [1, 1];

/** Returns the total weight of each class: [negatives, positives]. */
export function classTotals(problem: LogisticProblem): readonly [number, number] {
  const { labels, rowWeights } = problem;
  const [negative, positive] = weightsByLabel(problem);
  let positives = 0;
  if (!rowWeights) {
    for (let row = 0; row < labels.length; row += 1) positives += labels[row] as number;
    return [negative * (labels.length - positives), positive * positives];
  }
  let negatives = 0;
  for (let row = 0; row < labels.length; row += 1) {
    if (labels[row] === 1) positives += rowWeights[row] as number;
    else negatives += rowWeights[row] as number;
  }
  return [negative * negatives, positive * positives];
}

/** Returns the total weight of all rows: their number if every row has weight 1. */
export function totalWeight(problem: LogisticProblem): number {
  const [negatives, positives] = classTotals(problem);
  return negatives + positives;
}

/** The penalised loss and its gradient at a point. */
export interface LossAt {
  readonly coefficients: Float64Array;
  readonly gradient: Float64Array;
  /** Returns the loss, computed on the first call. */
  loss(): number;
}

/**
 * Computes the penalised loss Σ w · log loss + l2/2 · Σ c² and its gradient X'(w · (p − y)) + l2 · c, without a penalty on
 * the intercept, in one pass over the rows. This is the loss of scikit-learn's LogisticRegression with C = 1 / l2 and
 * class_weight w.
 *
 * @example lossAt(problem, new Float64Array(problem.width)).gradient
 */
export function lossAt(problem: LogisticProblem, coefficients: Float64Array): LossAt {
  const { matrix, width, labels, l2, rowWeights } = problem;
  const [ofNegative, ofPositive] = weightsByLabel(problem);
  const gradient = coefficients.map((coefficient, column) => (column === 0 ? 0 : l2 * coefficient));
  const rows = labels.length;
  // Odds of each row's own class, kept so that the loss can be computed without reading the matrix again.
  const odds = new Float64Array(rows);
  const residual = (row: number, score: number): number => {
    const label = labels[row];
    const own = Math.exp(label === 1 ? score : -score);
    odds[row] = own;
    const share = (label === 1 ? -ofPositive : ofNegative) / (1 + own);
    return rowWeights === undefined ? share : (rowWeights[row] as number) * share;
  };
  let row = 0;
  // Four rows per pass, so that each coefficient is read and each gradient entry written a quarter as often.
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
    const of = residual(row, scoreOf(problem, coefficients, row));
    for (let column = 0; column < width; column += 1) gradient[column]! += of * matrix[row * width + column]!;
  }
  let known: number | undefined;
  const loss = (): number => (known ??= lossOf(problem, coefficients, odds));
  return { coefficients, gradient, loss };
}

// For v below this, ln(1 + v) equals v in double precision; above it, 1 + v keeps enough digits of v.
const TINY = 2 ** -27;
const LARGE = 2 ** 500;

/**
 * Returns the penalised loss, given the odds of each row's own class.
 *
 * Formula: the loss of a row is ln(1 + 1 / odds). The logarithm is taken of the product of many rows, because one logarithm
 * for all of them is cheaper.
 */
function lossOf(problem: LogisticProblem, coefficients: Float64Array, odds: Float64Array): number {
  const { labels, l2, rowWeights } = problem;
  const [ofNegative, ofPositive] = weightsByLabel(problem);
  const isWeighted = rowWeights !== undefined || ofNegative !== ofPositive;
  let penalty = 0;
  for (let column = 1; column < coefficients.length; column += 1)
    penalty += (l2 / 2) * coefficients[column]! ** 2;
  let sum = 0;
  let product = 1;
  for (let row = 0; row < odds.length; row += 1) {
    const against = 1 / (odds[row] as number);
    if (against < LARGE && !isWeighted) {
      if (against < TINY) sum += against;
      else product *= 1 + against;
      if (product > LARGE) {
        sum += Math.log(product);
        product = 1;
      }
      continue;
    }
    const weight = isWeighted ? (labels[row] === 1 ? ofPositive : ofNegative) * (rowWeights?.[row] ?? 1) : 1;
    // If the row is so far on the wrong side that its odds are 0, its loss is the absolute score.
    const loss = against < LARGE ? Math.log1p(against) : Math.abs(scoreOf(problem, coefficients, row));
    sum += weight * loss;
  }
  return (isWeighted ? sum : ofNegative * (sum + Math.log(product))) + penalty;
}

/** Returns only the gradient of `lossAt`. */
export const lossGradient = (problem: LogisticProblem, coefficients: Float64Array): Float64Array =>
  lossAt(problem, coefficients).gradient;

/** Returns only the loss of `lossAt`. */
export const penalisedLoss = (problem: LogisticProblem, coefficients: Float64Array): number =>
  lossAt(problem, coefficients).loss();

/** Returns the log-odds of a row. */
export function scoreOf({ matrix, width }: LogisticProblem, coefficients: Float64Array, row: number): number {
  let score = 0;
  for (let column = 0, at = row * width; column < width; column += 1, at += 1) {
    score += (matrix[at] as number) * (coefficients[column] as number);
  }
  return score;
}

/** Returns X'WX, where W is the diagonal matrix of class weights, row-major width × width. */
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
