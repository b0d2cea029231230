// The logistic regression trainer: encodes the rows, fits until convergence and returns a plain JSON artifact.
import { TidegateError } from '../errors.ts';
import { classWeightsOf, countClasses } from './metrics/class-counts.ts';
import { encodedNames, encodedWidth, type Encoding } from './encode/encoding.ts';
import { encodeRows } from './encode/encode.ts';
import { featureEffects } from './artifact/feature-effects.ts';
import { fitEncoding } from './encode/fit-encoding.ts';
import { fitLogistic } from './solvers/fit-logistic.ts';
import { fitNewton, NEWTON_TOLERANCE } from './solvers/fit-newton.ts';
import { type LogisticFit, type Solver } from './solvers/logistic-problem.ts';
import { type Trainer } from './trainer.ts';

/** Strength of the L2 penalty unless the options say otherwise: scikit-learn's default, C = 1. */
const DEFAULT_L2 = 1;

// From this many rows on, gradient descent takes many times as long as Newton's method.
const NEWTON_ROWS = 20_000;

const solvers = { 'gradient-descent': fitLogistic, newton: fitNewton } as const satisfies Record<
  Solver,
  unknown
>;

/**
 * Minimises Σ w · log loss + l2/2 · Σ coefficient² over the encoded rows, where w is the weight of the row's class. The
 * intercept is not penalised. A fit that has not converged throws, so such a model is never returned.
 *
 * @example logisticRegression.fit({ frame, rows: trainingRows(frame), options: { seed: 7 } })
 */
export const logisticRegression: Trainer = {
  name: 'logistic-regression',
  fit({ frame, rows, options, onProgress }) {
    const { seed, l2 = DEFAULT_L2, solver: asked = 'auto', classWeight = 'none' } = options;
    const first = asked === 'auto' ? (rows.length < NEWTON_ROWS ? 'gradient-descent' : 'newton') : asked;
    const counts = countClasses(frame, rows, options.minPositives);
    const { positives, prior } = counts;
    const classWeights = classWeightsOf(classWeight, counts);
    const encoding = fitEncoding(frame, rows);
    const matrix = encodeRows(encoding, frame, rows);
    const labels = Uint8Array.from(rows, (row) => frame.labels[row]!);
    const problem = { matrix, width: encodedWidth(encoding), labels, l2, classWeights };
    const fit = solvers[first](problem, onProgress);
    if (!fit.converged) throw notConverged(fit, encoding, l2);
    onProgress?.(1);
    return {
      format: 1,
      trainer: 'logistic-regression',
      seed,
      encoding,
      coefficients: Array.from(fit.coefficients),
      effects: featureEffects(encoding, matrix, fit.coefficients),
      prior,
      l2,
      ...(classWeights && { classWeights }),
      solver: fit.solver,
      steps: fit.steps,
      gradientNorm: fit.gradientNorm,
      trainedRows: rows.length,
      positives,
    };
  },
};

function notConverged(
  { coefficients, gradientNorm, steps, separated }: LogisticFit,
  encoding: Encoding,
  l2: number,
): TidegateError {
  const slopes = coefficients.map(Math.abs).fill(0, 0, 1);
  const steepest = slopes.indexOf(Math.max(...slopes));
  const largest = `${encodedNames(encoding)[steepest]} has the largest coefficient, ${coefficients[steepest]!.toFixed(1)}`;
  if (separated) {
    return new TidegateError(
      'NOT_CONVERGED',
      `the classes are perfectly separated, by one feature or by several together, and with l2: 0 nothing keeps the ` +
        `coefficients from growing without bound; ${largest}`,
    );
  }
  return new TidegateError(
    'NOT_CONVERGED',
    `after ${steps} steps the gradient is ${gradientNorm.toExponential(1)} per row, not below ${NEWTON_TOLERANCE}; ${largest}. ` +
      (l2 > 0
        ? 'The loss has a minimum, but the penalty, class weights and values differ too much in size for double precision'
        : 'With l2: 0 the loss may have no minimum: all rows of some level or feature may be of one class'),
  );
}
