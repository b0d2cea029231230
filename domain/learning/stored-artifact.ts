// A version's artifact, of whatever format.
import { type Artifact } from './artifact.ts';
import { type OnnxArtifact } from './onnx-artifact.ts';

/** What a version's row holds. Scored through `Scorer`; the rest is told of it. */
export type StoredArtifact = Artifact | OnnxArtifact;

/** Features that were constant in training and play no part. @example droppedFeatures(artifact) // ['region'] */
export const droppedFeatures = (artifact: StoredArtifact): readonly string[] =>
  artifact.format === 'onnx' ? [] : artifact.encoding.dropped;
