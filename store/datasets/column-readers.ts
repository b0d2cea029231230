// Put the chunks of a column into one typed array, all rows or some.
import { changed } from './chunk-digests.ts';
import { type Dataset } from './dataset.ts';
import { type PassingChunk } from './read-chunks.ts';

type Values = Float64Array | Uint32Array | Uint8Array | BigInt64Array;
type ValuesOf<T extends Values> = new (length: number) => T;

/** What must be known of a dataset to read its columns. */
export type ReadableDataset = Pick<Dataset, 'id' | 'model' | 'rows' | 'chunkRows' | 'columns'>;

/** Collects one column. */
export class ColumnReader<T extends Values> {
  readonly values: T;
  readonly #dataset: ReadableDataset;
  /** The rows that are kept, ascending; all where absent. */
  readonly #rows: Uint32Array | undefined;
  readonly #type: ValuesOf<T>;

  constructor(type: ValuesOf<T>, dataset: ReadableDataset, rows?: Uint32Array) {
    this.#type = type;
    this.#dataset = dataset;
    this.#rows = rows;
    this.values = new type(rows ? rows.length : dataset.rows);
  }

  /** Takes a chunk; in whatever order they come. */
  take({ part, ordinal, bytes }: PassingChunk): void {
    const { rows, chunkRows } = this.#dataset;
    const first = ordinal * chunkRows;
    const count = Math.min(chunkRows, rows - first);
    const size = this.values.BYTES_PER_ELEMENT;
    if (bytes.length !== count * size) throw changed(this.#dataset, `${part}/${ordinal}`);
    if (!this.#rows) {
      new Uint8Array(this.values.buffer).set(bytes, first * size);
      return;
    }
    // What arrives stands anywhere, and typed arrays stand at multiples of their size.
    const chunk = new this.#type(count);
    new Uint8Array(chunk.buffer).set(bytes);
    this.#pick(this.#rows, chunk, first);
  }

  #pick(rows: Uint32Array, chunk: T, first: number): void {
    const { values } = this;
    for (let at = firstFrom(rows, first); at < rows.length; at += 1) {
      const row = (rows[at] as number) - first;
      if (row >= chunk.length) return;
      values[at] = chunk[row] as T[number];
    }
  }
}

/** Position of the first number that is at least `bound`, of ascending ones. */
function firstFrom(ascending: Uint32Array, bound: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ascending[middle] as number) < bound) low = middle + 1;
    else high = middle;
  }
  return low;
}
