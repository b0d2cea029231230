// The logistic regression to solve: its loss, and the gradient that says how far from solved it is.
import { type ClassWeights } from '../metrics/class-counts.ts';

/** How the optimum of a logistic regression is found: by ml-logistic-regression's descent, or by Newton's method. */
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
  /** How much the loss of a row of each class counts. @default 1 */
  readonly classWeights?: ClassWeights | undefined;
  /** How much the loss of each row counts, on top of its class. @default 1 */
  readonly rowWeights?: Float64Array | undefined;
}

/** Where a solver ended. */
export interface LogisticFit {
  /** Whether this is the minimum, to the tolerance or to the rounding of the loss. */
  readonly converged: boolean;
  /** One per column of the problem's matrix. */
  readonly coefficients: Float64Array;
  /** Length of the gradient of the penalised loss at the coefficients, per row or what rows count. */
  readonly gradientNorm: number;
  /** Steps of the last descent, or of Newton's method in all. */
  readonly steps: number;
  /** What came to the minimum. */
  readonly solver: Solver;
  /** Whether the classes were found separated, without a penalty that would hold the coefficients. @default false */
  readonly separated?: boolean;
}

/** What a row counts by their label: [negative, positive]. */
export const weightsByLabel = ({ classWeights }: LogisticProblem): readonly [number, number] =>
  classWeights ? [classWeights.negative, classWeights.positive] : [1, 1];

/** What the rows of each class count together: [negatives, positives]. */
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

/** What all rows of a problem count together: their number if all count alike. */
export function totalWeight(problem: LogisticProblem): number {
  const [negatives, positives] = classTotals(problem);
  return negatives + positives;
}

/** A point of the penalised loss. */
export interface LossAt {
  readonly coefficients: Float64Array;
  readonly gradient: Float64Array;
  /** The loss itself, worked out when it is first asked for. */
  loss(): number;
}

/**
 * The penalised loss Σ w · log loss + l2/2 · Σ c² and its gradient X'(w · (p − y)) + l2 · c, the intercept without
 * penalty: those of scikit-learn's LogisticRegression with C = 1 / l2 and class_weight w. One pass over the rows.
 *
 * @example lossAt(problem, new Float64Array(problem.width)).gradient
 */
export function lossAt(problem: LogisticProblem, coefficients: Float64Array): LossAt {
  const { matrix, width, labels, l2, rowWeights } = problem;
  const [ofNegative, ofPositive] = weightsByLabel(problem);
  const gradient = coefficients.map((coefficient, column) => (column === 0 ? 0 : l2 * coefficient));
  const rows = labels.length;
  // Of the row's own class: with them known the loss needs no second look at the matrix.
  const odds = new Float64Array(rows);
  const residual = (row: number, score: number): number => {
    const label = labels[row];
    const own = Math.exp(label === 1 ? score : -score);
    odds[row] = own;
    const share = (label === 1 ? -ofPositive : ofNegative) / (1 + own);
    return rowWeights === undefined ? share : (rowWeights[row] as number) * share;
  };
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
    const of = residual(row, scoreOf(problem, coefficients, row));
    for (let column = 0; column < width; column += 1) gradient[column]! += of * matrix[row * width + column]!;
  }
  let known: number | undefined;
  const loss = (): number => (known ??= lossOf(problem, coefficients, odds));
  return { coefficients, gradient, loss };
}

// Below this share of 1, v adds as much to ln(1 + v) as v itself; above, 1 + v keeps enough digits of it.
const TINY = 2 ** -27;
const LARGE = 2 ** 500;

/**
 * The penalised loss of rows whose own class has these odds.
 *
 * Formula: a row loses ln(1 + 1 / odds). The logarithm is taken of a product of many, which costs one for all of them.
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
    // So far on the wrong side that the odds are 0: what is lost is then the score itself.
    const loss = against < LARGE ? Math.log1p(against) : Math.abs(scoreOf(problem, coefficients, row));
    sum += weight * loss;
  }
  return (isWeighted ? sum : ofNegative * (sum + Math.log(product))) + penalty;
}

/** The gradient of `lossAt` alone. */
export const lossGradient = (problem: LogisticProblem, coefficients: Float64Array): Float64Array =>
  lossAt(problem, coefficients).gradient;

/** The loss of `lossAt` alone. */
export const penalisedLoss = (problem: LogisticProblem, coefficients: Float64Array): number =>
  lossAt(problem, coefficients).loss();

/** The log-odds that coefficients give a row. */
export function scoreOf({ matrix, width }: LogisticProblem, coefficients: Float64Array, row: number): number {
  let score = 0;
  for (let column = 0, at = row * width; column < width; column += 1, at += 1) {
    score += (matrix[at] as number) * (coefficients[column] as number);
  }
  return score;
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
