// JSON shapes of a dataset for the `dataset` commands.
import { type DatasetUse, holdsRows, describeUse } from '../../../domain/decisions/dataset-retention.ts';
import { findDataset, type SizedDataset } from '../../../store/datasets/dataset-uses.ts';
import { TidegateError } from '../../../domain/errors.ts';
import { type Database } from '../../../store/postgres/database.ts';
import { type Dataset } from '../../../store/registry/dataset.ts';

/** The header of a dataset, without its dictionaries. */
export const headerJson = ({ dataset, chunks, bytes }: SizedDataset) => ({
  id: dataset.id,
  model: dataset.model,
  definitionVersion: dataset.definitionVersion,
  window: dataset.window,
  asKnownAt: dataset.asKnownAt,
  rows: dataset.rows,
  labelledRows: dataset.labelledRows,
  assumedLabels: dataset.assumedLabels,
  awaitedLabels: dataset.awaitedLabels,
  overdueLabels: dataset.overdueLabels,
  backfilled: dataset.backfilled,
  trainingRows: dataset.trainingRows,
  holdoutRows: dataset.holdoutRows,
  columns: dataset.columns.length,
  digest: dataset.digest,
  chunks,
  bytes,
  createdAt: dataset.createdAt,
  expiredAt: dataset.expiredAt,
});

/** Lists what uses a dataset, and for each use whether it prevents the deletion of the dataset's rows. */
export const usesJson = (uses: readonly DatasetUse[]) =>
  uses.map((use) => ({ ...use, words: describeUse(use), keepsRows: holdsRows(use) }));

/** Formats a number of bytes with its unit. @example formatBytes(155_189_248) // '148 MB' */
export function formatBytes(bytes: number): string {
  if (bytes < 1_024) return `${bytes} B`;
  if (bytes < 1_024 ** 2) return `${Math.round(bytes / 1_024)} kB`;
  if (bytes < 1_024 ** 3) return `${Math.round(bytes / 1_024 ** 2)} MB`;
  return `${(bytes / 1_024 ** 3).toFixed(1)} GB`;
}

/** Returns the dataset with this number. @throws TidegateError UNKNOWN_DATASET */
export async function datasetNamed(database: Database, id: number): Promise<Dataset> {
  const dataset = await findDataset(database, id);
  if (!dataset) throw new TidegateError('UNKNOWN_DATASET', `there is no dataset ${id}`);
  return dataset;
}
