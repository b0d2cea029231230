// A version that is a model in ONNX, as it is stored: plain JSON beside the bytes, which are known by their digest.
import { type Calibration } from './calibrate.ts';
import { type FeatureEffect } from './feature-effects.ts';
import { type OperatingThreshold } from './operating-threshold.ts';

/** What the trees worker reads. Plain JSON, in its spelling. */
export interface TreeOptions {
  readonly rounds: number;
  readonly leaves: number;
  /** −1 means no bound. */
  readonly depth: number;
  readonly learning_rate: number;
  readonly min_rows: number;
  /** 0 means never. */
  readonly early_stopping: number;
  readonly seed: number;
  readonly positive_weight: number;
  readonly negative_weight: number;
}

/** A number of a record as one number of an input. */
export interface OnnxNumber {
  readonly kind: 'numeric';
  readonly name: string;
  /** What stands where it is missing; null is NaN. */
  readonly missing: number | null;
}

/** A category as one number of an input. */
export interface OnnxCode {
  readonly kind: 'category';
  readonly as: 'code';
  readonly name: string;
  /** The number of each level. */
  readonly codes: readonly { readonly value: string; readonly code: number }[];
  /** The number of every value that is no level, and of a missing one; null is NaN. */
  readonly unseen: number | null;
  readonly missing: number | null;
}

/** A category as it is, in an input of texts. */
export interface OnnxText {
  readonly kind: 'category';
  readonly as: 'text';
  readonly name: string;
  /** What stands where it is missing. */
  readonly missing: string;
}

/** How one feature becomes one column of an input. */
export type OnnxColumn = OnnxNumber | OnnxCode | OnnxText;

/** Types of elements that inputs may have. */
export const ONNX_TYPES = ['float32', 'float64', 'int64', 'int32', 'string'] as const;

/** Type of the elements of an input. */
export type OnnxType = (typeof ONNX_TYPES)[number];

/** One input of the model: a matrix of a row per record and the columns given. */
export interface OnnxInput {
  readonly name: string;
  readonly type: OnnxType;
  readonly columns: readonly OnnxColumn[];
}

/** Where the answer stands. */
export interface OnnxOutput {
  readonly name: string;
  /** Of the columns of the output the one of the positive class, from 0. */
  readonly column: number;
  /** What it holds; log-odds are made a probability by the logistic function. */
  readonly holds: 'probability' | 'log-odds';
}

/** What is stored of a version in ONNX. */
export interface OnnxArtifact {
  readonly format: 'onnx';
  /** Name of the trainer that made it; `imported` for a version from elsewhere, of whose training nothing is known. */
  readonly trainer: string;
  /** The model: SHA-256 of its bytes, and their number. */
  readonly onnx: { readonly digest: string; readonly bytes: number };
  readonly inputs: readonly OnnxInput[];
  readonly output: OnnxOutput;
  /** Null where it is not known. */
  readonly seed: number | null;
  /** How much each feature moves the scores, by whatever the trainer measures; empty where it is not known. */
  readonly effects: readonly FeatureEffect[];
  /** Share of positive rows in training, or of an imported version among the training rows of its reference window. */
  readonly prior: number;
  readonly trainedRows: number | null;
  readonly positives: number | null;
  readonly calibration?: Calibration;
  readonly threshold?: OperatingThreshold;
  /** How trees were boosted. */
  readonly trees?: {
    readonly options: TreeOptions;
    readonly rounds: number;
    readonly boosted: number;
    readonly validationLogLoss: number | null;
  };
  /** What the person who imported it says of it. */
  readonly origin?: { readonly name: string; readonly note: string };
}

/** Name of the trainer of versions from elsewhere. */
export const IMPORTED = 'imported';
