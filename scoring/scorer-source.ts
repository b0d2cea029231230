// What a scorer is made of, read once: it can be sent to a thread, which makes its own.
import { type StoredArtifact } from '../domain/learning/stored-artifact.ts';
import { type Artifact } from '../domain/learning/artifact.ts';
import { type OnnxArtifact } from '../domain/learning/onnx-artifact.ts';
import { linearScorer, type Scorer } from '../domain/learning/scorer.ts';
import { type Database } from '../store/database.ts';
import { readOnnxModel } from '../store/versions/onnx-models.ts';
import { readArtifact } from '../store/versions/versions.ts';
import { lookForOnnxRuntimeIn, onnxRuntimeFolder } from './onnx-runtime.ts';
import { openOnnxScorer } from './onnx-scorer.ts';

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
 * Reads what a version is scored by, checked against its digests.
 *
 * @throws TidegateError UNKNOWN_VERSION, ARTIFACT_CHANGED
 */
export const readScorerSource = async (
  database: Database,
  model: string,
  version: number,
): Promise<ScorerSource> => scorerSourceOf(database, await readArtifact(database, model, version));

/** What an artifact is scored by. @throws TidegateError ARTIFACT_CHANGED */
export async function scorerSourceOf(database: Database, artifact: StoredArtifact): Promise<ScorerSource> {
  if (artifact.format !== 'onnx') return { artifact };
  return { artifact, bytes: await readOnnxModel(database, artifact.onnx), runtime: onnxRuntimeFolder() };
}

/**
 * A scorer of what was read.
 *
 * @throws TidegateError ONNX_RUNTIME_MISSING, INVALID_ONNX
 * @example (await openScorer(await readScorerSource(database, 'churn', 2))).features
 */
export async function openScorer(source: ScorerSource): Promise<Scorer> {
  if (!('bytes' in source)) return linearScorer(source.artifact);
  // A thread knows nothing of the folder that its process was told.
  if (source.runtime !== null) lookForOnnxRuntimeIn(source.runtime);
  return openOnnxScorer(source.artifact, source.bytes);
}

/** Reads a version and opens its scorer. @throws TidegateError as `readScorerSource` and `openScorer` do */
export const loadScorer = async (database: Database, model: string, version: number): Promise<Scorer> =>
  openScorer(await readScorerSource(database, model, version));
