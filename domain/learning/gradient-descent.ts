// Gradient descent by ml-logistic-regression, in a basis where it converges.
import LogisticRegression from 'ml-logistic-regression';
import { Matrix } from 'ml-matrix';

// The mean loss of whitened rows has a Hessian of at most I/4, so any rate below 8 is stable; 7 needs the fewest steps.
const RATE = 7;

/**
 * Weights after `steps` steps from zero, one per column of `features`, which must be whitened (features'features =
 * rows · I). Targets are probabilities to meet, one per row.
 */
export function descend(features: Matrix, targets: Float64Array, steps: number): Float64Array {
  // train() of the library would fit a second classifier, the mirror of the first: a loaded model fits one.
  const { classifiers } = LogisticRegression.load({
    name: 'LogisticRegression',
    numberClasses: 1,
    classifiers: [{ numSteps: steps, learningRate: RATE / features.rows }],
  });
  const classifier = classifiers[0]!;
  classifier.train(features, Matrix.columnVector(targets));
  return Float64Array.from(classifier.weights!.to1DArray());
}
