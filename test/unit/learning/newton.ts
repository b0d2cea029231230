// The exact optimum of a penalised logistic regression by Newton's method, to check the trainer against.
import { Matrix, solve } from 'ml-matrix';
import {
  type LogisticProblem,
  lossGradient,
  weightsByLabel,
} from '../../../domain/learning/solvers/logistic-problem.ts';

/** Coefficients at which the gradient of the penalised loss is 0 to rounding; needs a Hessian of full rank. */
export function newton(problem: LogisticProblem): Float64Array {
  const { matrix, width, labels, l2 } = problem;
  const weights = weightsByLabel(problem);
  let coefficients = new Float64Array(width);
  for (let step = 0; step < 30; step += 1) {
    const hessian = new Float64Array(width * width);
    for (let i = 1; i < width; i += 1) hessian[i * width + i] = l2;
    for (let row = 0; row < labels.length; row += 1) {
      const x = matrix.subarray(row * width, (row + 1) * width);
      let logOdds = 0;
      for (let i = 0; i < width; i += 1) logOdds += x[i]! * coefficients[i]!;
      const p = 1 / (1 + Math.exp(-logOdds));
      const curvature = weights[labels[row]!]! * p * (1 - p);
      for (let i = 0; i < width; i += 1) {
        const scaled = curvature * x[i]!;
        for (let j = 0; j < width; j += 1) hessian[i * width + j]! += scaled * x[j]!;
      }
    }
    const delta = solve(
      Matrix.from1DArray(width, width, hessian),
      Matrix.columnVector(lossGradient(problem, coefficients)),
    ).to1DArray();
    coefficients = coefficients.map((value, i) => value - delta[i]!);
  }
  return coefficients;
}
