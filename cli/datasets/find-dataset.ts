// The dataset that a command names.
import { TidegateError } from '../../domain/errors.ts';
import { type Database } from '../../store/postgres/database.ts';
import { type Dataset } from '../../store/registry/dataset.ts';
import { findDataset } from '../../store/datasets/dataset-uses.ts';

/** @throws TidegateError UNKNOWN_DATASET */
export async function datasetNamed(database: Database, id: number): Promise<Dataset> {
  const dataset = await findDataset(database, id);
  if (!dataset) throw new TidegateError('UNKNOWN_DATASET', `there is no dataset ${id}`);
  return dataset;
}
