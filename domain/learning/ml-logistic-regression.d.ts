// Types of the package, which ships none.
declare module 'ml-logistic-regression' {
  import { type Matrix } from 'ml-matrix';

  interface TwoClasses {
    /** One row: the weight of each column. Class 0 is trained as 0, all others as 1. */
    readonly weights: Matrix;
    testScores(features: Matrix): number[];
  }

  export default class LogisticRegression {
    constructor(options?: { numSteps?: number; learningRate?: number });
    readonly classifiers: TwoClasses[];
    train(features: Matrix, labels: Matrix): void;
  }
}
