// Whether all columns together tell a window from the rows that the champion was trained on.
import { type DomainClassification } from '../domain/drift/multivariate/domain-classifier.ts';
import { TidegateError } from '../domain/errors.ts';
import { type ModelDefinition } from '../domain/model/definition.ts';
import { type Database } from '../store/postgres/database.ts';
import { type Dataset, getDataset } from '../store/registry/dataset.ts';
import { sampleDataset } from '../store/profiles/profile-dataset.ts';
import { type Version } from '../store/registry/versions.ts';
import { compute } from './compute/compute.ts';
import { beside } from './followed.ts';

/**
 * Classifies a sample of both sides; null where the definition does not ask. Not measurable where retention has let the
 * rows of either go.
 */
export async function tellApart(
  database: Database,
  champion: Version,
  dataset: Dataset,
  { drift }: ModelDefinition,
): Promise<DomainClassification | null> {
  if (!drift.multivariate) return null;
  try {
    const reference = await sampleDataset(
      database,
      await getDataset(database, champion.datasetId),
      drift.multivariate,
    );
    const window = await sampleDataset(database, dataset, drift.multivariate);
    const { seed } = drift.multivariate;
    return await compute('tellApart', { reference, window, seed }, beside());
  } catch (error) {
    if (!(error instanceof TidegateError) || error.code !== 'DATASET_EXPIRED') throw error;
    const nothing = { auc: null, columns: [], leftOut: [], referenceRows: 0, windowRows: 0, terms: 0 };
    const reason = `the rows are needed, and ${error.message}`;
    return { ...nothing, reason, failed: { code: error.code, reason } };
  }
}
