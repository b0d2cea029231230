// What a scorer is made of, read once from the database: it can be sent to a thread, which opens its own.
import { type StoredArtifact } from '../domain/learning/artifact/artifact.ts';
import { type Scorer } from '../domain/learning/artifact/scorer.ts';
import { type Database } from '../store/postgres/database.ts';
import { readOnnxModel } from '../store/registry/onnx-models.ts';
import { getVersion, readArtifact } from '../store/registry/versions.ts';
import { onnxRuntimeFolder } from './onnx-runtime.ts';
import { openScorer, type ScorerSource } from './open-scorer.ts';
import { type ModelDefinition } from '../domain/model/definition.ts';
import { DEFAULT_THRESHOLD } from '../domain/learning/artifact/operating-threshold.ts';
import { getDefinition } from '../store/definitions/definitions.ts';

export { openScorer, type ScorerSource } from './open-scorer.ts';

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

/** Reads a version and opens its scorer. @throws TidegateError as `readScorerSource` and `openScorer` do */
export const loadScorer = async (database: Database, model: string, version: number): Promise<Scorer> =>
  openScorer(await readScorerSource(database, model, version));

/** A version with its scorer and the definition it was trained by. */
export interface LoadedVersion {
  readonly model: string;
  readonly version: number;
  readonly definitionVersion: number;
  readonly definition: ModelDefinition;
  readonly scorer: Scorer;
  /** Score from which on it says yes. */
  readonly threshold: number;
}

/**
 * Loads a version and checks its artifact against the digest it was registered with.
 *
 * @throws TidegateError UNKNOWN_VERSION, ARTIFACT_CHANGED
 */
export async function loadVersion(
  database: Database,
  model: string,
  version: number,
): Promise<LoadedVersion> {
  const { definitionVersion, cut } = await getVersion(database, model, version);
  const { definition } = await getDefinition(database, model, definitionVersion);
  const scorer = await loadScorer(database, model, version);
  return { model, version, definitionVersion, definition, scorer, threshold: cut ?? DEFAULT_THRESHOLD };
}
