// Reads what a scorer needs from the database. The result can be sent to a thread, which opens its own scorer.
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
 * Reads a version's artifact for scoring, and checks it against its digests.
 *
 * @throws TidegateError UNKNOWN_VERSION, ARTIFACT_CHANGED
 */
export const readScorerSource = async (
  database: Database,
  model: string,
  version: number,
): Promise<ScorerSource> => scorerSourceOf(database, await readArtifact(database, model, version));

/** Returns what is needed to score with an artifact. @throws TidegateError ARTIFACT_CHANGED */
export async function scorerSourceOf(database: Database, artifact: StoredArtifact): Promise<ScorerSource> {
  if (artifact.format !== 'onnx') return { artifact };
  return { artifact, bytes: await readOnnxModel(database, artifact.onnx), runtime: onnxRuntimeFolder() };
}

/** Reads a version and opens its scorer. @throws TidegateError as `readScorerSource` and `openScorer` */
export const loadScorer = async (database: Database, model: string, version: number): Promise<Scorer> =>
  openScorer(await readScorerSource(database, model, version));

/** A version with its scorer and the definition with which it was trained. */
export interface LoadedVersion {
  readonly model: string;
  readonly version: number;
  readonly definitionVersion: number;
  readonly definition: ModelDefinition;
  readonly scorer: Scorer;
  /** The decision is yes for scores at or above this threshold. */
  readonly threshold: number;
}

/**
 * Loads a version, and checks its artifact against the digest with which it was registered.
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
