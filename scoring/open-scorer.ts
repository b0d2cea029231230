// Opens a scorer from a version's data. Does not import the database, and imports the ONNX runtime only when it is
// needed.
import type { Artifact } from '../domain/learning/artifact/artifact.ts';
import type { OnnxArtifact } from '../domain/learning/artifact/onnx-artifact.ts';
import { linearScorer, type Scorer } from '../domain/learning/artifact/scorer.ts';

/** Everything that is needed to score with a version; can be sent to a thread. */
export type ScorerSource =
  | { readonly artifact: Artifact }
  | {
      readonly artifact: OnnxArtifact;
      readonly bytes: Uint8Array;
      /** Folder in which the runtime may be installed. */
      readonly runtime: string | null;
    };

/**
 * Opens a scorer.
 *
 * @throws TidegateError ONNX_RUNTIME_MISSING, INVALID_ONNX
 * @example (await openScorer(await readScorerSource(database, 'churn', 2))).features
 */
export async function openScorer(source: ScorerSource): Promise<Scorer> {
  if (!('bytes' in source)) return linearScorer(source.artifact);
  // Imported only here, because most compute threads do not need these modules.
  const { lookForOnnxRuntimeIn } = await import('./onnx-runtime.ts');
  const { openOnnxScorer } = await import('./onnx-scorer.ts');
  // The folder that was set in the process is not visible in a thread, so it is set again.
  if (source.runtime !== null) lookForOnnxRuntimeIn(source.runtime);
  return openOnnxScorer(source.artifact, source.bytes);
}
