// Versions of a model: registered once, immutable after that.
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
import { type Stage } from '../postgres/tables.ts';

/** A version without its artifact and reference, which are large. */
export interface Version {
  readonly model: string;
  readonly version: number;
  readonly stage: Stage;
  readonly definitionVersion: number;
  readonly retrainId: string;
  readonly datasetId: number;
  readonly trainer: string;
  /** Whether it came from elsewhere: which rows it was trained on is not known. */
  readonly unproven: boolean;
  readonly artifactDigest: string;
  /** Score from which on it says yes; null for one without a threshold of its own. */
  readonly cut: number | null;
  /** Kind of the map that makes its scores probabilities; null where none was asked for. */
  readonly calibration: CalibrationMap['kind'] | null;
  readonly createdAt: Date;
}

/** What training made. */
export interface NewVersion {
  readonly model: string;
  readonly definitionVersion: number;
  readonly retrainId: string;
  readonly datasetId: number;
  readonly trainer: string;
  readonly artifact: unknown;
  readonly reference: unknown;
  /** What it answered on rows it was not fitted on; absent where there were none. */
  readonly scoreReference?: EncodedScoreReference | null;
  /** What there was to choose from; absent where there was nothing. */
  readonly tuning?: Tuning | null;
  /** Where it was trained; absent where that is not known. */
  readonly platform?: Platform;
}

const COLUMNS = [
  'model',
  'version',
  'stage',
  'definition_version as definitionVersion',
  'retrain_id as retrainId',
  'dataset_id as datasetId',
  'trainer',
  sql<boolean>`trainer = ${sql.lit(IMPORTED)}`.as('unproven'),
  'artifact_digest as artifactDigest',
  sql<number | null>`(artifact -> 'threshold' ->> 'cut')::float8`.as('cut'),
  sql<CalibrationMap['kind'] | null>`artifact -> 'calibration' -> 'map' ->> 'kind'`.as('calibration'),
  'created_at as createdAt',
] as const;

/** Registers a version in stage None under the model's next number; a retrain that already has one gets that back. */
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
      .select(COLUMNS)
      .where('retrain_id', '=', input.retrainId)
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
        model: input.model,
        version: ((newest as number | null) ?? 0) + 1,
        definition_version: input.definitionVersion,
        retrain_id: input.retrainId,
        dataset_id: input.datasetId,
        trainer: input.trainer,
        artifact: JSON.stringify(input.artifact),
        artifact_digest: digestOf(input.artifact),
        reference: JSON.stringify(input.reference),
        score_reference: input.scoreReference ? JSON.stringify(input.scoreReference) : null,
        tuning: input.tuning ? JSON.stringify(input.tuning) : null,
        trained_on: input.platform ? JSON.stringify(input.platform) : null,
      })
      .returning(COLUMNS)
      .executeTakeFirstOrThrow();
  });
}

/** All versions of a model, newest first. */
export const listVersions = (database: Database, model: string): Promise<Version[]> =>
  database.kysely
    .selectFrom('tidegate.version')
    .select(COLUMNS)
    .where('model', '=', model)
    .orderBy('version', 'desc')
    .execute();

/** @throws TidegateError UNKNOWN_VERSION */
export async function getVersion(database: Database, model: string, version: number): Promise<Version> {
  const row = await database.kysely
    .selectFrom('tidegate.version')
    .select(COLUMNS)
    .where('model', '=', model)
    .where('version', '=', version)
    .executeTakeFirst();
  if (!row) throw new TidegateError('UNKNOWN_VERSION', `${model} has no version ${version}`);
  return row;
}

/** The version that a retrain registered, if it got that far. */
export const findVersionOfRetrain = (database: Database, retrainId: string): Promise<Version | undefined> =>
  database.kysely
    .selectFrom('tidegate.version')
    .select(COLUMNS)
    .where('retrain_id', '=', retrainId)
    .executeTakeFirst();

/** The one version in a stage that holds one at most. */
export const findVersionIn = (
  database: Database,
  model: string,
  stage: 'Production' | 'Staging',
): Promise<Version | undefined> =>
  database.kysely
    .selectFrom('tidegate.version')
    .select(COLUMNS)
    .where('model', '=', model)
    .where('stage', '=', stage)
    .executeTakeFirst();

/**
 * The artifact of a version.
 *
 * @throws TidegateError UNKNOWN_VERSION; ARTIFACT_CHANGED when it no longer matches its digest
 */
export async function readArtifact(
  database: Database,
  model: string,
  version: number,
): Promise<StoredArtifact> {
  const row = await database.kysely
    .selectFrom('tidegate.version')
    .select(['artifact', 'artifact_digest'])
    .where('model', '=', model)
    .where('version', '=', version)
    .executeTakeFirst();
  if (!row) throw new TidegateError('UNKNOWN_VERSION', `${model} has no version ${version}`);
  if (digestOf(row.artifact) !== row.artifact_digest) {
    throw new TidegateError(
      'ARTIFACT_CHANGED',
      `the artifact of ${model} version ${version} differs from its digest`,
    );
  }
  return row.artifact;
}

/** The feature reference of a version, as it was encoded. @throws NoResultError where there is no such version */
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

/** The score reference of a version, as it was encoded; null where it has none. @throws NoResultError where there is no such version */
export async function readScoreReference(
  database: Database,
  model: string,
  version: number,
): Promise<EncodedScoreReference | null> {
  const row = await database.kysely
    .selectFrom('tidegate.version')
    .select('score_reference')
    .where('model', '=', model)
    .where('version', '=', version)
    .executeTakeFirstOrThrow();
  return row.score_reference;
}

/** What a version was trained by and what there was to choose from; null where there was nothing. @throws NoResultError where there is no such version */
export async function readTuning(database: Database, model: string, version: number): Promise<Tuning | null> {
  const row = await database.kysely
    .selectFrom('tidegate.version')
    .select('tuning')
    .where('model', '=', model)
    .where('version', '=', version)
    .executeTakeFirstOrThrow();
  return row.tuning;
}

/** Where a version was trained; null for one from before that was kept. @throws NoResultError where there is no such version */
export async function readTrainedOn(
  database: Database,
  model: string,
  version: number,
): Promise<Platform | null> {
  const row = await database.kysely
    .selectFrom('tidegate.version')
    .select('trained_on')
    .where('model', '=', model)
    .where('version', '=', version)
    .executeTakeFirstOrThrow();
  return row.trained_on;
}
