// Some rows of a frozen dataset, by entity, for what looks at all columns together.
import { entitySampler, type SideRows } from '../../domain/drift/multivariate/pooled-rows.ts';
import { type Database } from '../database.ts';
import { PARTS } from '../datasets/chunk.ts';
import { type Dataset } from '../datasets/dataset.ts';
import { readDataset } from '../datasets/read.ts';
import { everyChunk, readChunks } from '../datasets/read-chunks.ts';
import { Texts } from '../datasets/texts.ts';

/**
 * About `rows` rows of a dataset; the same entities of every dataset that holds them. Memory holds the keys of one chunk
 * and the rows that were chosen.
 *
 * @throws TidegateError DATASET_CHANGED, DATASET_EXPIRED
 */
export async function sampleDataset(
  database: Database,
  dataset: Dataset,
  options: { readonly rows: number; readonly seed: number },
): Promise<SideRows> {
  const isChosen = entitySampler(dataset.rows, options);
  const chosen: number[] = [];
  const entities: string[] = [];
  await readChunks(database, dataset, [PARTS.keys], everyChunk(dataset), ({ ordinal, bytes }) => {
    const keys = new Texts(bytes);
    const first = ordinal * dataset.chunkRows;
    for (let row = 0; row < keys.length; row += 1) {
      const key = keys.at(row);
      if (!isChosen(key)) continue;
      chosen.push(first + row);
      entities.push(key);
    }
  });
  const { frame } = await readDataset(database, dataset, { rows: Uint32Array.from(chosen) });
  return { rows: chosen.length, entities, features: frame.features };
}
