// Gradient-boosted trees: the options of a fit, and the artifact made from its outcome.
import { type TreesPolicy, treesSchema } from '../model/schema/training-schema.ts';
import { type ClassCounts, type ClassWeight, classWeightsOf } from './metrics/class-counts.ts';
import {
  type OnnxArtifact,
  type OnnxColumn,
  type OnnxOutput,
  type TreeOptions,
} from './artifact/onnx-artifact.ts';

/** Name of the trainer. */
export const TREES = 'gradient-boosted-trees';

/** The result that the trees worker stores. Plain JSON. */
export interface TreeOutcome {
  readonly digest: string;
  readonly bytes: number;
  readonly input: {
    readonly name: string;
    readonly type: 'float32';
    readonly columns: readonly OnnxColumn[];
  };
  readonly output: OnnxOutput;
  /**
   * `rounds` is the number of trees in the model, `boosted` the number that were fitted until training stopped early.
   */
  readonly rounds: number;
  readonly boosted: number;
  /** Lowest log loss on the validation clusters; null if none were set aside. */
  readonly validationLogLoss: number | null;
  readonly trainedRows: number;
  readonly positives: number;
  /** How much each column lowered the loss, summed over its splits. */
  readonly gains: readonly number[];
  /** Some rows of the dataset with the worker's scores, to check the model against. */
  readonly sample: { readonly rows: readonly number[]; readonly scores: readonly number[] };
}

/** Returns the options of a fit. @example treeOptions(training.trees, { seed: 7, classWeight: 'none' }, counts) */
export function treeOptions(
  policy: TreesPolicy | undefined,
  { seed, classWeight = 'none' }: { readonly seed: number; readonly classWeight?: ClassWeight | undefined },
  counts: ClassCounts,
): TreeOptions {
  const { rounds, leaves, depth, learningRate, minRows, earlyStopping } = policy ?? treesSchema.parse({});
  const weights = classWeightsOf(classWeight, counts) ?? { positive: 1, negative: 1 };
  return {
    rounds,
    leaves,
    depth: depth ?? -1,
    learning_rate: learningRate,
    min_rows: minRows,
    early_stopping: earlyStopping === false ? 0 : earlyStopping,
    // LightGBM accepts seeds of 31 bits.
    seed: Math.abs(seed) % 2 ** 31,
    positive_weight: weights.positive,
    negative_weight: weights.negative,
  };
}

/** Makes the artifact of a fit. @example treeArtifact(outcome, options) */
export const treeArtifact = (outcome: TreeOutcome, options: TreeOptions): OnnxArtifact => ({
  format: 'onnx',
  trainer: TREES,
  onnx: { digest: outcome.digest, bytes: outcome.bytes },
  inputs: [outcome.input],
  output: outcome.output,
  seed: options.seed,
  effects: outcome.input.columns.map(({ name }, at) => ({
    feature: name,
    center: 0,
    spread: outcome.gains[at] ?? 0,
  })),
  prior: outcome.positives / outcome.trainedRows,
  trainedRows: outcome.trainedRows,
  positives: outcome.positives,
  trees: {
    options,
    rounds: outcome.rounds,
    boosted: outcome.boosted,
    validationLogLoss: outcome.validationLogLoss,
  },
});

/** Describes the fit: number of trees and validation loss; empty for other models. @example describeTrees(artifact) // '45 trees of 65, …' */
export const describeTrees = ({ trees }: Pick<OnnxArtifact, 'trees'>): string =>
  trees === undefined
    ? ''
    : trees.validationLogLoss === null
      ? `${trees.rounds} trees, no early stopping`
      : `${trees.rounds} trees of ${trees.boosted}, log loss ${trees.validationLogLoss.toFixed(4)} on the validation clusters`;
