// Opens a scorer from what was read of a version; loads neither the database nor, unless it is needed, the ONNX runtime.
import type { Artifact } from '../domain/learning/artifact/artifact.ts';
import type { OnnxArtifact } from '../domain/learning/artifact/onnx-artifact.ts';
import { linearScorer, type Scorer } from '../domain/learning/artifact/scorer.ts';

/** A version's artifact, and what else scoring it takes. Fit to be sent to a thread. */
export type ScorerSource =
  | { readonly artifact: Artifact }
  | {
      readonly artifact: OnnxArtifact;
      readonly bytes: Uint8Array;
      /** Where the runtime may be. */
      readonly runtime: string | null;
    };

/**
 * A scorer of what was read.
 *
 * @throws TidegateError ONNX_RUNTIME_MISSING, INVALID_ONNX
 * @example (await openScorer(await readScorerSource(database, 'churn', 2))).features
 */
export async function openScorer(source: ScorerSource): Promise<Scorer> {
  if (!('bytes' in source)) return linearScorer(source.artifact);
  // Late, because each compute thread would load them for nothing.
  const { lookForOnnxRuntimeIn } = await import('./onnx-runtime.ts');
  const { openOnnxScorer } = await import('./onnx-scorer.ts');
  // A thread knows nothing of the folder that its process was told.
  if (source.runtime !== null) lookForOnnxRuntimeIn(source.runtime);
  return openOnnxScorer(source.artifact, source.bytes);
}
