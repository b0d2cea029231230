// Trainer: logistic regression by gradient descent in the whitened basis.
import LogisticRegression from 'ml-logistic-regression';
import { Matrix } from 'ml-matrix';
import { TidegateError } from '../errors.ts';
import { type Encoding, fitEncoding, rowEncoder, termNames, termsOf } from './encoding.ts';
import { type Trainer } from './trainer.ts';
import { countPositives } from './training-labels.ts';
import { whiteningOf } from './whitening.ts';

/** Largest component of the mean gradient that counts as converged. */
const TOLERANCE = 1e-7;
const FIRST_STEPS = 32;
const MOST_STEPS = 2_048;
// The library descends along the gradient summed over rows. In the whitened basis the Hessian of the mean loss is at
// most I/4, so every rate below 8/rows is stable; 7/rows takes some twenty steps.
const RATE_TIMES_ROWS = 7;

/**
 * Maximum-likelihood logistic regression on standardised and one-hot terms with an intercept.
 *
 * The library starts from zero, always runs all its steps and says nothing of convergence, so the gradient is
 * computed here after the fit, and the fit repeated with twice the steps until it vanishes.
 */
export const logisticRegression: Trainer = {
  name: 'logistic-regression',
  fit(frame, rows, { seed }, onProgress) {
    const positives = countPositives(frame, rows);
    const encoding = fitEncoding(frame, rows);
    const terms = termsOf(encoding);
    const encoded = new Float64Array(rows.length * terms);
    const encode = rowEncoder(encoding, frame);
    rows.forEach((row, index) => encode(row, encoded.subarray(index * terms, (index + 1) * terms)));
    const whitening = whiteningOf(encoded, terms);
    const features = Matrix.from1DArray(rows.length, terms, encoded).mmul(whitening);
    const labels = Matrix.columnVector(Array.from(rows, (row) => frame.labels[row] ?? 0));
    onProgress(0.2);

    for (let steps = FIRST_STEPS, tried = 1; ; steps *= 2, tried += 1) {
      const { weights, gradientNorm } = descend(features, labels, steps);
      onProgress(1 - 0.8 * 2 ** -tried);
      const coefficients = whitening.mmul(weights).to1DArray();
      if (gradientNorm <= TOLERANCE) {
        const fit = { coefficients, steps, gradientNorm, positives, trainedRows: rows.length };
        return {
          format: 1,
          trainer: 'logistic-regression',
          seed,
          encoding,
          prior: positives / rows.length,
          ...fit,
        };
      }
      if (steps * 2 > MOST_STEPS) throw notConverged(encoding, coefficients, gradientNorm, steps);
    }
  },
};

/** Weights (directions × 1) after some steps, with the largest component of the mean gradient there. */
function descend(features: Matrix, labels: Matrix, steps: number): { weights: Matrix; gradientNorm: number } {
  const model = new LogisticRegression({ numSteps: steps, learningRate: RATE_TIMES_ROWS / features.rows });
  model.train(features, labels);
  // One classifier against each class; the first one's score is the probability of "not class 0", the positive one.
  const positive = model.classifiers[0];
  if (!positive) throw new TidegateError('INTERNAL', 'the library trained no classifier');
  const errors = Matrix.columnVector(positive.testScores(features)).sub(labels);
  const gradient = features.transpose().mmul(errors).div(features.rows);
  return { weights: positive.weights.transpose(), gradientNorm: gradient.abs().max() };
}

function notConverged(
  encoding: Encoding,
  coefficients: readonly number[],
  gradientNorm: number,
  steps: number,
): TidegateError {
  const names = termNames(encoding);
  const largest = coefficients.reduce(
    (best, value, index) => (index > 0 && Math.abs(value) > Math.abs(coefficients[best] ?? 0) ? index : best),
    1,
  );
  return new TidegateError(
    'NOT_CONVERGED',
    `after ${steps} steps the mean gradient is still ${gradientNorm.toExponential(1)}, above ${TOLERANCE}; the largest ` +
      `coefficient is ${(coefficients[largest] ?? 0).toFixed(1)} of ${names[largest] ?? 'no term'}, which may separate the classes`,
  );
}
