// A trained linear version as it is stored: plain JSON, scored by a dot product.
import { type Calibration } from './calibrate.ts';
import { type ClassWeights } from '../metrics/class-counts.ts';
import { type Encoding } from '../encode/encoding.ts';
import { type FeatureEffect } from './feature-effects.ts';
import { type OperatingThreshold } from './operating-threshold.ts';
import { type Solver } from '../solvers/logistic-problem.ts';
import { type OnnxArtifact } from './onnx-artifact.ts';

/** The result of training. The same rows, options and seed always produce the same bytes. */
export interface Artifact {
  readonly format: 1;
  /** Name of the trainer that made it. */
  readonly trainer: string;
  readonly seed: number;
  readonly encoding: Encoding;
  /** One per column of the encoded matrix, the intercept first; score = 1 / (1 + exp(−coefficients · row)), then mapped by `calibration`. */
  readonly coefficients: readonly number[];
  /** How much each feature moves the log-odds, in the order of the encoding. */
  readonly effects: readonly FeatureEffect[];
  /** Share of positive rows in training, in (0, 1). */
  readonly prior: number;
  /** Strength of the L2 penalty: l2/2 · Σ coefficient² without the intercept is added to the summed log loss. */
  readonly l2: number;
  /** Weight of the rows of each class; absent if all rows had the same weight. */
  readonly classWeights?: ClassWeights;
  /** Maps the scores to probabilities; absent if the definition does not ask for calibration. */
  readonly calibration?: Calibration;
  /**
   * The operating threshold: scores at or above it get the decision yes. Absent if the definition states no threshold.
   */
  readonly threshold?: OperatingThreshold;
  /** How the coefficients were found; absent if no solver was needed, as for the baseline. */
  readonly solver?: Solver;
  /** Steps of the solver. */
  readonly steps: number;
  /** Length of the gradient of the penalised loss at the coefficients, divided by the number of training rows or, with class weights, by the sum of their weights. */
  readonly gradientNorm: number;
  readonly trainedRows: number;
  readonly positives: number;
}

/** The artifact stored with a version. A `Scorer` computes scores with it. */
export type StoredArtifact = Artifact | OnnxArtifact;

/** Returns the features that were constant in training and are not used. @example droppedFeatures(artifact) // ['region'] */
export const droppedFeatures = (artifact: StoredArtifact): readonly string[] =>
  artifact.format === 'onnx' ? [] : artifact.encoding.dropped;
