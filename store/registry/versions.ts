// Versions of a model: registered once and immutable afterwards, except for their stage.
import { sql } from 'kysely';
import { digestOf } from '../../domain/canonical-json.ts';
import { type EncodedReference } from '../../domain/data/profile/profile-codec.ts';
import { type StoredArtifact } from '../../domain/learning/artifact/artifact.ts';
import { type Tuning } from '../../domain/learning/choose-recipe.ts';
import { type CalibrationMap } from '../../domain/learning/artifact/calibration-map.ts';
import { IMPORTED } from '../../domain/learning/artifact/onnx-artifact.ts';
import { type Platform } from '../../domain/learning/repetition.ts';
import { type EncodedScoreReference } from '../../domain/performance/score-reference.ts';
import { TidegateError } from '../../domain/errors.ts';
import { inKyselyTransaction } from '../postgres/connections.ts';
import { type Database } from '../postgres/database.ts';
import { picked, type Row } from '../postgres/tables.ts';

const COLUMNS = [
  'model',
  'version',
  'stage',
  'definitionVersion',
  'retrainId',
  'datasetId',
  'trainer',
  'artifactDigest',
  'createdAt',
] as const;

/** A version without its artifact and reference, which are large. */
export interface Version extends Pick<Row<'tidegate.version'>, (typeof COLUMNS)[number]> {
  /** Whether it was imported, so that the rows it was trained on are not known. */
  readonly unproven: boolean;
  /** The threshold: scores at or above it are positive; null if the version has no threshold of its own. */
  readonly cut: number | null;
  /** Kind of the map that calibrates its scores; null if calibration was not requested. */
  readonly calibration: CalibrationMap['kind'] | null;
}

const SELECTED = [
  ...COLUMNS,
  sql<boolean>`trainer = ${sql.lit(IMPORTED)}`.as('unproven'),
  sql<number | null>`(artifact -> 'threshold' ->> 'cut')::float8`.as('cut'),
  sql<CalibrationMap['kind'] | null>`artifact -> 'calibration' -> 'map' ->> 'kind'`.as('calibration'),
] as const;

/** Input of {@link registerVersion}. */
export interface NewVersion extends Pick<
  Version,
  'model' | 'definitionVersion' | 'retrainId' | 'datasetId' | 'trainer'
> {
  readonly artifact: unknown;
  readonly reference: unknown;
  /** The scores of the version on rows that it was not fitted on; absent if there were no such rows. */
  readonly scoreReference?: EncodedScoreReference | null;
  /** The recipes that were compared; absent if there was only one. */
  readonly tuning?: Tuning | null;
  /** The machine it was trained on; absent if that is not known. */
  readonly platform?: Platform;
}

/** Registers a version in stage None under the model's next number; returns the existing one if the retrain has one. */
export async function registerVersion(database: Database, input: NewVersion): Promise<Version> {
  return inKyselyTransaction(database, async (transaction) => {
    await transaction
      .selectFrom('tidegate.model')
      .select('name')
      .where('name', '=', input.model)
      .forUpdate()
      .executeTakeFirstOrThrow();
    const existing = await transaction
      .selectFrom('tidegate.version')
      .select(SELECTED)
      .where('retrainId', '=', input.retrainId)
      .executeTakeFirst();
    if (existing) return existing;
    const { newest } = await transaction
      .selectFrom('tidegate.version')
      .select(({ fn }) => fn.max('version').as('newest'))
      .where('model', '=', input.model)
      .executeTakeFirstOrThrow();
    return transaction
      .insertInto('tidegate.version')
      .values({
        ...picked(input, ['model', 'definitionVersion', 'retrainId', 'datasetId', 'trainer']),
        version: ((newest as number | null) ?? 0) + 1,
        artifact: JSON.stringify(input.artifact),
        artifactDigest: digestOf(input.artifact),
        reference: JSON.stringify(input.reference),
        scoreReference: input.scoreReference ? JSON.stringify(input.scoreReference) : null,
        tuning: input.tuning ? JSON.stringify(input.tuning) : null,
        trainedOn: input.platform ? JSON.stringify(input.platform) : null,
      })
      .returning(SELECTED)
      .executeTakeFirstOrThrow();
  });
}

/** Returns all versions of a model, newest first. */
export const listVersions = (database: Database, model: string): Promise<Version[]> =>
  database.kysely
    .selectFrom('tidegate.version')
    .select(SELECTED)
    .where('model', '=', model)
    .orderBy('version', 'desc')
    .execute();

/** Returns one version. @throws TidegateError UNKNOWN_VERSION */
export async function getVersion(database: Database, model: string, version: number): Promise<Version> {
  const row = await database.kysely
    .selectFrom('tidegate.version')
    .select(SELECTED)
    .where('model', '=', model)
    .where('version', '=', version)
    .executeTakeFirst();
  if (!row) throw new TidegateError('UNKNOWN_VERSION', `${model} has no version ${version}`);
  return row;
}

/** Returns the version that a retrain registered, if any. */
export const findVersionOfRetrain = (database: Database, retrainId: string): Promise<Version | undefined> =>
  database.kysely
    .selectFrom('tidegate.version')
    .select(SELECTED)
    .where('retrainId', '=', retrainId)
    .executeTakeFirst();

/** Returns the version in Production or Staging, if there is one. */
export const findVersionIn = (
  database: Database,
  model: string,
  stage: 'Production' | 'Staging',
): Promise<Version | undefined> =>
  database.kysely
    .selectFrom('tidegate.version')
    .select(SELECTED)
    .where('model', '=', model)
    .where('stage', '=', stage)
    .executeTakeFirst();

/**
 * Reads the artifact of a version and checks it against its digest.
 *
 * @throws TidegateError UNKNOWN_VERSION; ARTIFACT_CHANGED if it no longer matches its digest
 */
export async function readArtifact(
  database: Database,
  model: string,
  version: number,
): Promise<StoredArtifact> {
  const row = await database.kysely
    .selectFrom('tidegate.version')
    .select(['artifact', 'artifactDigest'])
    .where('model', '=', model)
    .where('version', '=', version)
    .executeTakeFirst();
  if (!row) throw new TidegateError('UNKNOWN_VERSION', `${model} has no version ${version}`);
  if (digestOf(row.artifact) !== row.artifactDigest) {
    throw new TidegateError(
      'ARTIFACT_CHANGED',
      `the artifact of ${model} version ${version} differs from its digest`,
    );
  }
  return row.artifact;
}

/** Reads the encoded feature reference of a version. @throws NoResultError if there is no such version */
export async function readReference(
  database: Database,
  model: string,
  version: number,
): Promise<EncodedReference> {
  const { reference } = await database.kysely
    .selectFrom('tidegate.version')
    .select('reference')
    .where('model', '=', model)
    .where('version', '=', version)
    .executeTakeFirstOrThrow();
  return reference;
}

/** Reads the encoded score reference of a version; null if it has none. @throws NoResultError if there is no such version */
export async function readScoreReference(
  database: Database,
  model: string,
  version: number,
): Promise<EncodedScoreReference | null> {
  const row = await database.kysely
    .selectFrom('tidegate.version')
    .select('scoreReference')
    .where('model', '=', model)
    .where('version', '=', version)
    .executeTakeFirstOrThrow();
  return row.scoreReference;
}

/** Reads the recipe that was chosen and those it was chosen from; null if there was no choice. @throws NoResultError if there is no such version */
export async function readTuning(database: Database, model: string, version: number): Promise<Tuning | null> {
  const row = await database.kysely
    .selectFrom('tidegate.version')
    .select('tuning')
    .where('model', '=', model)
    .where('version', '=', version)
    .executeTakeFirstOrThrow();
  return row.tuning;
}

/** Reads which machine a version was trained on; null for versions from before that was stored. @throws NoResultError if there is no such version */
export async function readTrainedOn(
  database: Database,
  model: string,
  version: number,
): Promise<Platform | null> {
  const row = await database.kysely
    .selectFrom('tidegate.version')
    .select('trainedOn')
    .where('model', '=', model)
    .where('version', '=', version)
    .executeTakeFirstOrThrow();
  return row.trainedOn;
}
