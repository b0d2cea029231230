// Loads what an API instance needs to answer with a version.
import { digestOf } from '../../domain/canonical-json.ts';
import { type ModelDefinition } from '../../domain/features/definition.ts';
import { TidegateError } from '../../domain/errors.ts';
import { type Database } from '../database.ts';

/** A version with its artifact and the definition it was trained by. */
export interface LoadedVersion {
  readonly model: string;
  readonly version: number;
  readonly definitionVersion: number;
  readonly definition: ModelDefinition;
  readonly artifact: unknown;
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
  const row = await database.kysely
    .selectFrom('tidegate.version as version')
    .innerJoin('tidegate.definition as definition', (join) =>
      join
        .onRef('definition.model', '=', 'version.model')
        .onRef('definition.version', '=', 'version.definition_version'),
    )
    .select(['version.definition_version', 'definition.body', 'version.artifact', 'version.artifact_digest'])
    .where('version.model', '=', model)
    .where('version.version', '=', version)
    .executeTakeFirst();
  if (!row) throw new TidegateError('UNKNOWN_VERSION', `${model} has no version ${version}`);
  if (digestOf(row.artifact) !== row.artifact_digest) {
    throw new TidegateError(
      'ARTIFACT_CHANGED',
      `the artifact of ${model} version ${version} differs from its digest`,
    );
  }
  return {
    model,
    version,
    definitionVersion: row.definition_version,
    definition: row.body,
    artifact: row.artifact,
  };
}
