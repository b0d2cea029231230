// The entity keys of a frozen dataset, kept as bytes and decoded to text only on request.
import { type Database } from '../postgres/database.ts';
import { PARTS } from './chunk.ts';
import { type Dataset } from '../registry/dataset.ts';
import { everyChunk, readChunks } from './read-chunks.ts';
import { Texts } from './texts.ts';

/** The entity key of each row, each a JSON array of texts. */
export class Keys {
  readonly length: number;
  readonly #chunkRows: number;
  readonly #chunks: readonly Texts[];

  constructor({ rows, chunkRows }: Pick<Dataset, 'rows' | 'chunkRows'>, chunks: readonly Texts[]) {
    this.length = rows;
    this.#chunkRows = chunkRows;
    this.#chunks = chunks;
  }

  /** Returns the key of a row. @example keys.at(0) // '["u_000001"]' */
  at(row: number): string {
    return this.bytesAt(row).toString('utf8');
  }

  /** Returns the key of a row in UTF-8, as a view and not a copy. */
  bytesAt(row: number): Buffer {
    const chunk = this.#chunks[Math.floor(row / this.#chunkRows)];
    if (!chunk) throw new RangeError(`there is no row ${row}`);
    return chunk.bytesAt(row % this.#chunkRows);
  }
}

/** Reads the keys of all rows. @throws TidegateError DATASET_CHANGED, DATASET_EXPIRED */
export async function readKeys(database: Database, dataset: Dataset): Promise<Keys> {
  const chunks: Texts[] = [];
  await readChunks(database, dataset, [PARTS.keys], everyChunk(dataset), ({ ordinal, bytes }) => {
    chunks[ordinal] = new Texts(Uint8Array.from(bytes));
  });
  return new Keys(dataset, chunks);
}
