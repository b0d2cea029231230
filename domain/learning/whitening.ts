// Whitening: a basis in which the columns of a matrix are uncorrelated and of one size.
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';

// Eigenvalues below this share of the largest are rounding: their columns are sums of others.
const TINY = 1e-10;

/**
 * The columns × r map T for which (XT)'(XT) / rows = I, from `crossProducts` = X'X / rows; r is the rank of X, since
 * directions that other columns already span are left out.
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
