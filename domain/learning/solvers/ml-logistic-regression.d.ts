// Types of the parts of ml-logistic-regression 2.0 that are used here; the package has no types of its own.
declare module 'ml-logistic-regression' {
  import { type Matrix } from 'ml-matrix';

  /** Gradient descent on the summed log loss of two classes, from zero weights: full batch, no intercept, no penalty. */
  export interface TwoClassRegression {
    /** 1 × columns; null before training. */
    readonly weights: Matrix | null;
    /** Always takes `numSteps` steps of `learningRate` × the gradient summed over the rows; `target` is rows × 1. */
    train(features: Pick<Matrix, 'columns' | 'mmul' | 'transpose'>, target: Matrix): void;
    /** The probability that the target is 1, per row. */
    testScores(features: Matrix): number[];
  }

  /** One classifier per class, against all others: with labels 0 and 1, `classifiers[0]` estimates P(1). */
  export default class LogisticRegression {
    constructor(options?: { numSteps?: number; learningRate?: number });
    readonly classifiers: TwoClassRegression[];
    train(features: Matrix, target: Matrix): void;
    static load(model: {
      name: 'LogisticRegression';
      numberClasses: number;
      classifiers: { numSteps: number; learningRate: number }[];
    }): LogisticRegression;
  }
}
