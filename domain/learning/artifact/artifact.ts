// A trained version as it is stored: plain JSON, scored by a dot product.
import { type Calibration } from './calibrate.ts';
import { type ClassWeights } from '../metrics/class-counts.ts';
import { type Encoding } from '../encode/encoding.ts';
import { type FeatureEffect } from './feature-effects.ts';
import { type OperatingThreshold } from './operating-threshold.ts';
import { type Solver } from '../solvers/logistic-problem.ts';
import { type OnnxArtifact } from './onnx-artifact.ts';

/** What training gives: the same rows, options and seed give the same bytes. */
export interface Artifact {
  readonly format: 1;
  /** Name of the trainer that made it. */
  readonly trainer: string;
  readonly seed: number;
  readonly encoding: Encoding;
  /** One per column of the encoded matrix, the intercept first; score = 1 / (1 + exp(−coefficients · row)), then mapped by `calibration`. */
  readonly coefficients: readonly number[];
  /** What each feature of the encoding does to the log-odds, in its order. */
  readonly effects: readonly FeatureEffect[];
  /** Share of positive rows in training, in (0, 1). */
  readonly prior: number;
  /** Strength of the L2 penalty: l2/2 · Σ coefficient² without the intercept, beside the summed log loss. */
  readonly l2: number;
  /** How much a row of each class counted; absent where all counted alike. */
  readonly classWeights?: ClassWeights;
  /** What makes the scores probabilities; absent where the definition asks for nothing. */
  readonly calibration?: Calibration;
  /** From which score on the version says yes; absent where the definition states none. */
  readonly threshold?: OperatingThreshold;
  /** How the coefficients were found; absent where there was nothing to solve. */
  readonly solver?: Solver;
  /** Steps of the solver. */
  readonly steps: number;
  /** Length of the gradient of the penalised loss at the coefficients, per training row; with class weights, per their sum over the rows. */
  readonly gradientNorm: number;
  readonly trainedRows: number;
  readonly positives: number;
}

/** What a version's row holds. Scored through `Scorer`; the rest is told of it. */
export type StoredArtifact = Artifact | OnnxArtifact;

/** Features that were constant in training and play no part. @example droppedFeatures(artifact) // ['region'] */
export const droppedFeatures = (artifact: StoredArtifact): readonly string[] =>
  artifact.format === 'onnx' ? [] : artifact.encoding.dropped;
