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
    const hessian = Matrix.zeros(width, width);
    for (let i = 1; i < width; i += 1) hessian.set(i, i, l2);
    labels.forEach((label, row) => {
      const weight = weights[label]!;
      const x = matrix.subarray(row * width, (row + 1) * width);
      const p = 1 / (1 + Math.exp(-x.reduce((sum, value, i) => sum + value * coefficients[i]!, 0)));
      x.forEach((a, i) =>
        x.forEach((b, j) => hessian.set(i, j, hessian.get(i, j) + weight * p * (1 - p) * a * b)),
      );
    });
    const delta = solve(hessian, Matrix.columnVector(lossGradient(problem, coefficients))).to1DArray();
    coefficients = coefficients.map((value, i) => value - delta[i]!);
  }
  return coefficients;
}
