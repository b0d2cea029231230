// Trains a version again from the rows that were frozen for it.
import { TidegateError } from '../domain/errors.ts';
import { type Artifact } from '../domain/learning/artifact/artifact.ts';
import { trainers } from '../domain/learning/trainers.ts';
import { type Database } from '../store/postgres/database.ts';
import { getDataset } from '../store/registry/dataset.ts';
import { readDataset } from '../store/datasets/read.ts';
import { getDefinition } from '../store/definitions/definitions.ts';
import { readTuning, type Version } from '../store/registry/versions.ts';
import { compute } from './compute/compute.ts';
import { type ComputeControl } from './compute/pool.ts';
import { versionInput } from './training-input.ts';

/**
 * Repeats the training of a version, with its definition, its chosen recipe and its frozen dataset. Stores nothing.
 *
 * @throws the signal's reason when aborted
 * @throws TidegateError DATASET_EXPIRED if retention has deleted the rows, DATASET_CHANGED; INVALID_REQUEST for a version
 *   that was not trained here; errors of the training itself
 * @example digestOf(await repeatTraining(database, version, { signal, onProgress })) === version.artifactDigest
 */
export async function repeatTraining(
  database: Database,
  { model, version, definitionVersion, datasetId, trainer }: Version,
  control: ComputeControl,
): Promise<Artifact> {
  if (!trainers.some(({ name }) => name === trainer)) {
    throw new TidegateError(
      'INVALID_REQUEST',
      `version ${version} of ${model} cannot be trained again by this process: its trainer is ${trainer}`,
    );
  }
  const { definition } = await getDefinition(database, model, definitionVersion);
  const { frame } = await readDataset(database, await getDataset(database, datasetId));
  const tuning = await readTuning(database, model, version);
  return compute('fit', versionInput(frame, definition.training, tuning?.chosen), control);
}
