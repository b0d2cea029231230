// Loads what an API instance needs to answer with a version.
import { type ModelDefinition } from '../domain/model/definition.ts';
import { DEFAULT_CUT } from '../domain/learning/artifact/operating-threshold.ts';
import { type Scorer } from '../domain/learning/artifact/scorer.ts';
import { type Database } from '../store/postgres/database.ts';
import { getDefinition } from '../store/definitions/definitions.ts';
import { getVersion } from '../store/registry/versions.ts';
import { loadScorer } from './scorer-source.ts';

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
  return { model, version, definitionVersion, definition, scorer, threshold: cut ?? DEFAULT_CUT };
}
