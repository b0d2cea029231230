// Whitening: a basis in which the columns of a matrix are uncorrelated and of mean square 1.
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';

/** Directions whose mean square is this much smaller than the largest carry rounding, not data. */
const SMALLEST = 1e-10;

/**
 * The map W (terms × directions) for which Z·W has (Z·W)ᵀ(Z·W)/n = I, where Z holds n rows of terms. Terms that depend
 * linearly on others add no direction, so a solution in the basis is the one of least norm.
 *
 * @param matrix rows of terms, row-major
 */
export function whiteningOf(matrix: Float64Array, terms: number): Matrix {
  const rows = matrix.length / terms;
  const gram = Matrix.zeros(terms, terms);
  for (let start = 0; start < matrix.length; start += terms) {
    for (let i = 0; i < terms; i += 1) {
      const left = matrix[start + i] ?? 0;
      if (left === 0) continue;
      for (let j = i; j < terms; j += 1)
        gram.set(i, j, gram.get(i, j) + (left * (matrix[start + j] ?? 0)) / rows);
    }
  }
  for (let i = 0; i < terms; i += 1) {
    for (let j = 0; j < i; j += 1) gram.set(i, j, gram.get(j, i));
  }
  const { realEigenvalues: values, eigenvectorMatrix: vectors } = new EigenvalueDecomposition(gram, {
    assumeSymmetric: true,
  });
  const largest = Math.max(...values);
  const kept = values.flatMap((value, index) => (value > SMALLEST * largest ? [index] : []));
  const map = Matrix.zeros(terms, kept.length);
  kept.forEach((from, to) => {
    const scale = 1 / Math.sqrt(values[from] ?? 1);
    for (let i = 0; i < terms; i += 1) map.set(i, to, vectors.get(i, from) * scale);
  });
  return map;
}
