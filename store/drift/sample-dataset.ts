// Some rows of a frozen dataset, by entity, for what looks at all columns together.
import { sampleEntities } from '../../domain/drift/multivariate/sample-entities.ts';
import { type SideRows } from '../../domain/drift/multivariate/pooled-rows.ts';
import { type Database } from '../database.ts';
import { type Dataset } from '../datasets/dataset.ts';
import { readDataset } from '../datasets/read.ts';

/**
 * About `rows` rows of a dataset; the same entities of every dataset that holds them.
 *
 * @throws TidegateError DATASET_CHANGED
 */
export async function sampleDataset(
  database: Database,
  dataset: Dataset,
  options: { readonly rows: number; readonly seed: number },
): Promise<SideRows> {
  const { frame, keys } = await readDataset(database, dataset);
  const chosen = sampleEntities(keys, options);
  return {
    rows: chosen.length,
    entities: Array.from(chosen, (row) => keys[row] as string),
    features: frame.features.map((column) =>
      column.kind === 'numeric'
        ? { ...column, values: Float64Array.from(chosen, (row) => column.values[row] as number) }
        : { ...column, codes: Uint32Array.from(chosen, (row) => column.codes[row] as number) },
    ),
  };
}
