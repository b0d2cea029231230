// Numbers the clusters of a dataset from 0, in the order of their first row.
import { type WireBytes } from '../copy-out.ts';
import { ByteDictionary } from './byte-dictionary.ts';
import { type Chunk, chunkOf } from './chunk.ts';
import { type TextWriter } from './column-writers.ts';

/**
 * Writes the number of each row's cluster. Rows come ordered by entity: where each entity is a cluster, a new one begins
 * where the key changes, and nothing need be remembered.
 */
export class ClusterWriter {
  readonly #values: Uint32Array;
  readonly #keys: TextWriter;
  readonly #isEntity: boolean;
  readonly #known = new ByteDictionary();
  #entities = 0;

  /** @param isEntity whether the key of a cluster is that of the entity */
  constructor(capacity: number, keys: TextWriter, isEntity: boolean) {
    this.#values = new Uint32Array(capacity);
    this.#keys = keys;
    this.#isEntity = isEntity;
  }

  /** Whether a row's cluster is told by the key of its entity; else its own key is put. */
  get isEntity(): boolean {
    return this.#isEntity;
  }

  /** Compares a row's entity key with that of the row before; to be called while `keys` still holds that. */
  putEntity(row: number, wire: WireBytes, at: number, length: number): void {
    // The row before the first of a chunk is the last of the chunk before.
    const before = row === 0 ? this.#values.length - 1 : row - 1;
    const isSame = this.#entities > 0 && this.#keys.isAt(before, wire, at, length);
    if (!isSame) this.#entities += 1;
    this.#values[row] = this.#entities - 1;
  }

  /** Takes the field of a cluster's key. */
  put(row: number, { bytes }: WireBytes, at: number, length: number): void {
    this.#values[row] = this.#known.codeOf(bytes, at, Math.max(0, length));
  }

  chunk(part: string, ordinal: number, rows: number): Chunk {
    return chunkOf(part, ordinal, this.#values.subarray(0, rows));
  }
}
