// Reads a frozen dataset back into typed columns, checking its digests on the way.
import { digestOfBytes } from '../../domain/canonical-json.ts';
import { type FeatureColumn, type Frame } from '../../domain/features/frame.ts';
import { type Database } from '../database.ts';
import { type DatasetColumn } from '../tables.ts';
import { featurePart, PARTS } from './chunk.ts';
import { changed, checkHeader } from './chunk-digests.ts';
import { type Dataset } from './dataset.ts';

/** A dataset's rows with the entity key of each, a JSON array of texts. */
export interface FrozenRows {
  readonly frame: Frame;
  readonly keys: readonly string[];
}

/**
 * Reads all rows of a dataset.
 *
 * @throws TidegateError DATASET_CHANGED when bytes or header no longer match the digest taken when it was frozen
 */
export async function readDataset(database: Database, dataset: Dataset): Promise<FrozenRows> {
  const chunks = await database.kysely
    .selectFrom('tidegate.dataset_chunk')
    .select(['part', 'ordinal', 'digest', 'bytes'])
    .where('dataset_id', '=', dataset.id)
    .orderBy('ordinal')
    .execute();
  const parts = new Map<string, Buffer[]>();
  const digests = new Map<string, string>();
  for (const { part, ordinal, digest, bytes } of chunks) {
    if (digestOfBytes(bytes) !== digest) throw changed(dataset, `${part}/${ordinal}`);
    digests.set(`${part}/${ordinal}`, digest);
    parts.set(part, [...(parts.get(part) ?? []), bytes]);
  }
  checkHeader(dataset, chunks);

  const values = (part: string, bytesPerValue: number): ArrayBuffer => {
    const joined = Buffer.concat(parts.get(part) ?? []);
    if (joined.byteLength !== dataset.rows * bytesPerValue) throw changed(dataset, part);
    // A copy of its own: pooled buffers are not aligned for typed arrays.
    return joined.buffer.slice(joined.byteOffset, joined.byteOffset + joined.byteLength);
  };
  const feature = (column: DatasetColumn, position: number): FeatureColumn =>
    column.kind === 'numeric'
      ? { kind: 'numeric', name: column.name, values: new Float64Array(values(featurePart(position), 8)) }
      : {
          kind: 'category',
          name: column.name,
          codes: new Uint32Array(values(featurePart(position), 4)),
          dictionary: column.dictionary ?? [],
        };
  return {
    frame: {
      rows: dataset.rows,
      features: dataset.columns.map(feature),
      labels: new Uint8Array(values(PARTS.labels, 1)),
      holdout: new Uint8Array(values(PARTS.holdout, 1)),
      clusters: new Uint32Array(values(PARTS.clusters, 4)),
      times: new BigInt64Array(values(PARTS.times, 8)),
    },
    keys: (parts.get(PARTS.keys) ?? []).flatMap((bytes) => JSON.parse(bytes.toString()) as string[]),
  };
}
