// Gradient descent by ml-logistic-regression, on rows in a basis in which it converges.
import LogisticRegression from 'ml-logistic-regression';
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';

// The Hessian of the mean loss of whitened rows is at most I/4, so any rate below 8 is stable; 7 needs the fewest steps.
const RATE = 7;

/** Rows prepared for gradient descent. */
export interface DescentRows {
  /** Rows × columns, whitened: features' · W · features = total · I. */
  readonly features: Matrix;
  /** features' · W, where W is the diagonal matrix of row weights. */
  readonly weighted: Matrix;
  /** Sum of the row weights. */
  readonly total: number;
}

/**
 * Prepares rows for the descent, with one weight per row; without weights all are 1.
 *
 * @example descend(descentRows(features), targets, 20)
 */
export function descentRows(features: Matrix, weights?: Float64Array): DescentRows {
  if (!weights) return { features, weighted: features.transpose(), total: features.rows };
  return {
    features,
    weighted: features.transpose().mulRowVector(weights),
    total: weights.reduce((sum, weight) => sum + weight, 0),
  };
}

/** Returns the coefficients after `steps` steps from zero, one per column. Targets are probabilities, one per row. */
export function descend(
  { features, weighted, total }: DescentRows,
  targets: Float64Array,
  steps: number,
): Float64Array {
  // The library's train() would fit a second classifier that mirrors the first; a loaded model fits only one.
  const { classifiers } = LogisticRegression.load({
    name: 'LogisticRegression',
    numberClasses: 1,
    classifiers: [{ numSteps: steps, learningRate: RATE / total }],
  });
  const classifier = classifiers[0]!;
  // The library calls transpose() only to compute gradients. Returning the weighted transpose, computed once, saves time and
  // applies the row weights.
  const rows = {
    columns: features.columns,
    mmul: (other: Matrix): Matrix => features.mmul(other),
    transpose: (): Matrix => weighted,
  };
  classifier.train(rows, Matrix.columnVector(targets));
  return Float64Array.from(classifier.weights!.to1DArray());
}

// Eigenvalues below this share of the largest are rounding errors of linearly dependent columns.
const TINY = 1e-10;

/**
 * Returns the columns × r matrix T for which (XT)'(XT) / rows = I, from `crossProducts` = X'X / rows. r is the rank of X,
 * because directions that other columns already span are left out.
 *
 * Formula: T = V Λ^(−1/2) from X'X / rows = V Λ V'.
 *
 * @example const whitened = matrix.mmul(whiteningOf(matrix.transpose().mmul(matrix).div(matrix.rows)));
 */
export function whiteningOf(crossProducts: Matrix): Matrix {
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(crossProducts, {
    assumeSymmetric: true,
  });
  const least = TINY * Math.max(...realEigenvalues);
  const kept = realEigenvalues.flatMap((value, index) => (value > least ? [index] : []));
  const map = new Matrix(crossProducts.rows, kept.length);
  kept.forEach((index, column) => {
    const length = 1 / Math.sqrt(realEigenvalues[index]!);
    for (let row = 0; row < map.rows; row += 1)
      map.set(row, column, eigenvectorMatrix.get(row, index) * length);
  });
  return map;
}
