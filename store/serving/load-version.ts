// Loads what an API instance needs to answer with a version.
import { type ModelDefinition } from '../../domain/features/definition.ts';
import { type Artifact } from '../../domain/learning/artifact.ts';
import { DEFAULT_CUT } from '../../domain/learning/operating-cut.ts';
import { type Database } from '../database.ts';
import { getDefinition } from '../definitions/definitions.ts';
import { getVersion, readArtifact } from '../versions/versions.ts';

/** A version with its artifact and the definition it was trained by. */
export interface LoadedVersion {
  readonly model: string;
  readonly version: number;
  readonly definitionVersion: number;
  readonly definition: ModelDefinition;
  readonly artifact: Artifact;
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
  const artifact = await readArtifact(database, model, version);
  return { model, version, definitionVersion, definition, artifact, threshold: cut ?? DEFAULT_CUT };
}
