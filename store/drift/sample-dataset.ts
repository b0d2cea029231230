// Some rows of a frozen dataset, by entity, for what looks at all columns together.
import { sampleEntities } from '../../domain/drift/multivariate/sample-entities.ts';
import { type SideRows } from '../../domain/drift/multivariate/pooled-rows.ts';
import { type Database } from '../database.ts';
import { type Dataset } from '../datasets/dataset.ts';
import { readKeys } from '../datasets/keys.ts';
import { readDataset } from '../datasets/read.ts';

/**
 * About `rows` rows of a dataset; the same entities of every dataset that holds them.
 *
 * @throws TidegateError DATASET_CHANGED, DATASET_EXPIRED
 */
export async function sampleDataset(
  database: Database,
  dataset: Dataset,
  options: { readonly rows: number; readonly seed: number },
): Promise<SideRows> {
  const keys = await readKeys(database, dataset);
  const chosen = sampleEntities(keys, options);
  const { frame } = await readDataset(database, dataset, { rows: chosen });
  return {
    rows: chosen.length,
    entities: Array.from(chosen, (row) => keys.at(row)),
    features: frame.features,
  };
}
