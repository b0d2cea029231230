// Gradient descent by ml-logistic-regression, on rows in a basis in which it converges.
import LogisticRegression, { type DescentFeatures } from 'ml-logistic-regression';
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';

// The Hessian of the mean loss of whitened rows is at most I/4, so any rate below 8 is stable; 7 needs the fewest steps.
const RATE = 7;

/** Rows prepared for gradient descent, as flat arrays, because a Matrix has one array for each row. */
export interface DescentRows {
  readonly rows: number;
  readonly columns: number;
  /** Row by row, whitened: features' · W · features = total · I. */
  readonly features: Float64Array;
  /** features' · W, column by column of the features, where W is the diagonal matrix of row weights. */
  readonly weighted: Float64Array;
  /** Sum of the row weights. */
  readonly total: number;
}

/**
 * Prepares rows for the descent, with one weight per row; without weights all are 1.
 *
 * @param features row by row
 * @example descend(descentRows(features, targets.length), targets, 20)
 */
export function descentRows(features: Float64Array, rows: number, weights?: Float64Array): DescentRows {
  const columns = features.length / rows;
  const weighted = new Float64Array(features.length);
  for (let row = 0; row < rows; row += 1) {
    const weight = weights?.[row] ?? 1;
    for (let column = 0; column < columns; column += 1)
      weighted[column * rows + row] = features[row * columns + column]! * weight;
  }
  const total = weights ? weights.reduce((sum, weight) => sum + weight, 0) : rows;
  return { rows, columns, features, weighted, total };
}

/** Returns the coefficients after `steps` steps from zero, one per column. Targets are probabilities, one per row. */
export function descend(
  { rows, columns, features, weighted, total }: DescentRows,
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
  const scores = new Float64Array(rows);
  const errors = new Float64Array(rows);
  const gradient = new Float64Array(columns);
  // The two products that the library asks for at each step. It reads each result before it asks for the next, so the
  // arrays are used again. It calls transpose() only to compute gradients, so returning the weighted transpose applies
  // the row weights.
  const problem: DescentFeatures = {
    columns,
    mmul: (coefficients) => {
      multiply(features, coefficients.to1DArray(), scores);
      return { to1DArray: () => scores };
    },
    transpose: () => ({
      mmul: (residuals) => {
        for (let row = 0; row < rows; row += 1) errors[row] = residuals.get(row, 0);
        multiply(weighted, errors, gradient);
        return Matrix.columnVector(gradient);
      },
    }),
  };
  classifier.train(problem, Matrix.columnVector(targets));
  return Float64Array.from(classifier.weights!.to1DArray());
}

/** Multiplies a matrix, row by row, with a vector. */
function multiply(matrix: Float64Array, vector: ArrayLike<number>, into: Float64Array): void {
  const { length } = vector;
  for (let row = 0, at = 0; row < into.length; row += 1) {
    let sum = 0;
    for (let column = 0; column < length; column += 1, at += 1) sum += matrix[at]! * vector[column]!;
    into[row] = sum;
  }
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
