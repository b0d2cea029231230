// The artifact: all that is needed to score, as plain JSON.
import { type Encoding } from './encoding.ts';

/** A trained version. Scores are 1 / (1 + e^−(coefficients · terms)). */
export interface Artifact {
  readonly format: 1;
  readonly trainer: string;
  readonly seed: number;
  readonly encoding: Encoding;
  /** One per term of the encoding, the intercept first. */
  readonly coefficients: readonly number[];
  /** Share of positives among the training rows. */
  readonly prior: number;
  readonly trainedRows: number;
  readonly positives: number;
  /** Steps of the fit, and the largest component of the mean gradient after them. */
  readonly steps: number;
  readonly gradientNorm: number;
}
