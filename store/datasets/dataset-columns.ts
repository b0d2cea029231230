// Builds the typed columns of a dataset from its chunks.
import { type FeatureColumn, type Frame } from '../../domain/data/frame.ts';
import { featurePart, PARTS } from './chunk.ts';
import { ColumnReader, type ReadableDataset } from './packed-rows.ts';
import { type PassingChunk } from './read-chunks.ts';

/** Collects chunks into a frame, which does not contain the keys. */
export class DatasetColumns {
  /** The names of the parts that the frame is built from. */
  readonly parts: readonly string[];
  readonly #frame: Frame;
  readonly #readers: ReadonlyMap<string, { take(chunk: PassingChunk): void }>;

  /** @param rows numbers of the rows to keep, ascending; absent: all rows */
  constructor(dataset: ReadableDataset, rows?: Uint32Array) {
    const clusters = new ColumnReader(Uint32Array, dataset, rows);
    const times = new ColumnReader(BigInt64Array, dataset, rows);
    const holdout = new ColumnReader(Uint8Array, dataset, rows);
    const labels = new ColumnReader(Uint8Array, dataset, rows);
    const features = dataset.columns.map(({ kind, name, dictionary = [] }) => {
      if (kind === 'numeric') {
        const reader = new ColumnReader(Float64Array, dataset, rows);
        return { reader, column: { kind, name, values: reader.values } satisfies FeatureColumn };
      }
      const reader = new ColumnReader(Uint32Array, dataset, rows);
      return { reader, column: { kind, name, codes: reader.values, dictionary } satisfies FeatureColumn };
    });
    this.#readers = new Map<string, { take(chunk: PassingChunk): void }>([
      [PARTS.clusters, clusters],
      [PARTS.times, times],
      [PARTS.holdout, holdout],
      [PARTS.labels, labels],
      ...features.map(({ reader }, position) => [featurePart(position), reader] as const),
    ]);
    this.parts = [...this.#readers.keys()];
    this.#frame = {
      rows: rows ? rows.length : dataset.rows,
      features: features.map(({ column }) => column),
      labels: labels.values,
      holdout: holdout.values,
      clusters: clusters.values,
      times: times.values,
    };
  }

  /** Takes a chunk. Chunks of other parts are ignored. */
  take(chunk: PassingChunk): void {
    this.#readers.get(chunk.part)?.take(chunk);
  }

  /** The frame, once every chunk has been taken. */
  frame(): Frame {
    return this.#frame;
  }
}
