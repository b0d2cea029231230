// The Hessian of the penalised logistic loss.
import { Matrix } from 'ml-matrix';
import { type LogisticProblem, scoreOf, weightsByLabel } from './logistic-problem.ts';

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
