// Types of the parts of ml-logistic-regression 2.0 that are used here; the package has no types of its own.
declare module 'ml-logistic-regression' {
  import { type Matrix } from 'ml-matrix';

  /** What the library asks of features: their product with coefficients, and that of their transpose with residuals. */
  export interface DescentFeatures {
    readonly columns: number;
    /** Returns one score per row; `coefficients` is columns × 1. */
    mmul(coefficients: Matrix): { to1DArray(): ArrayLike<number> };
    /** Its product with rows × 1 residuals is columns × 1. */
    transpose(): { mmul(residuals: Matrix): Matrix };
  }

  /** Gradient descent on the summed log loss of two classes, from zero weights: full batch, no intercept, no penalty. */
  export interface TwoClassRegression {
    /** 1 × columns; null before training. */
    readonly weights: Matrix | null;
    /** Always takes `numSteps` steps of `learningRate` × the gradient summed over the rows; `target` is rows × 1. */
    train(features: DescentFeatures, target: Matrix): void;
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
