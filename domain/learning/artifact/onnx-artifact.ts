// A version whose model is in ONNX format, as it is stored: plain JSON that names the model's bytes by their digest.
import { type Calibration } from './calibrate.ts';
import { type FeatureEffect } from './feature-effects.ts';
import { type OperatingThreshold } from './operating-threshold.ts';

/** The options that the trees worker reads, spelled as it expects them. Plain JSON. */
export interface TreeOptions {
  readonly rounds: number;
  readonly leaves: number;
  /** −1 for unlimited. */
  readonly depth: number;
  readonly learning_rate: number;
  readonly min_rows: number;
  /** Rounds without improvement before boosting stops; 0 for no early stopping. */
  readonly early_stopping: number;
  readonly seed: number;
  readonly positive_weight: number;
  readonly negative_weight: number;
}

/** A numeric feature, passed in one column of an input. */
export interface OnnxNumber {
  readonly kind: 'numeric';
  readonly name: string;
  /** The number that replaces a missing value; null means NaN. */
  readonly missing: number | null;
}

/** A category, passed as a number in one column of an input. */
export interface OnnxCode {
  readonly kind: 'category';
  readonly as: 'code';
  readonly name: string;
  /** The code of each level. */
  readonly codes: readonly { readonly value: string; readonly code: number }[];
  /** The code of values that are not among the levels; null means NaN. */
  readonly unseen: number | null;
  /** The code of a missing value; null means NaN. */
  readonly missing: number | null;
}

/** A category passed as text, in an input of strings. */
export interface OnnxText {
  readonly kind: 'category';
  readonly as: 'text';
  readonly name: string;
  /** The text that replaces a missing value. */
  readonly missing: string;
}

/** How one feature becomes one column of an input. */
export type OnnxColumn = OnnxNumber | OnnxCode | OnnxText;

/** Element types that inputs may have. */
export const ONNX_TYPES = ['float32', 'float64', 'int64', 'int32', 'string'] as const;

/** Element type of an input. */
export type OnnxType = (typeof ONNX_TYPES)[number];

/** One input of the model: a matrix with one row per record and these columns. */
export interface OnnxInput {
  readonly name: string;
  readonly type: OnnxType;
  readonly columns: readonly OnnxColumn[];
}

/** Where the score is found in the model's outputs. */
export interface OnnxOutput {
  readonly name: string;
  /** Column of the positive class, from 0. */
  readonly column: number;
  /** What the column contains; log-odds are turned into a probability by the logistic function. */
  readonly holds: 'probability' | 'log-odds';
}

/** The artifact stored with a version in ONNX. */
export interface OnnxArtifact {
  readonly format: 'onnx';
  /** Name of the trainer that made it; `imported` for an imported version, whose training is unknown. */
  readonly trainer: string;
  /** The model: SHA-256 and number of its bytes. */
  readonly onnx: { readonly digest: string; readonly bytes: number };
  readonly inputs: readonly OnnxInput[];
  readonly output: OnnxOutput;
  /** Null if unknown. */
  readonly seed: number | null;
  /** How much each feature moves the scores, in the trainer's own measure; empty if unknown. */
  readonly effects: readonly FeatureEffect[];
  /**
   * Share of positive rows in training; for an imported version, the share among the training rows of its reference
   * window.
   */
  readonly prior: number;
  readonly trainedRows: number | null;
  readonly positives: number | null;
  readonly calibration?: Calibration;
  readonly threshold?: OperatingThreshold;
  /** How the trees were boosted; absent for other models. */
  readonly trees?: {
    readonly options: TreeOptions;
    readonly rounds: number;
    readonly boosted: number;
    readonly validationLogLoss: number | null;
  };
  /** Name and note given by the person who imported the version. */
  readonly origin?: { readonly name: string; readonly note: string };
}

/** Name of the trainer of imported versions. */
export const IMPORTED = 'imported';
