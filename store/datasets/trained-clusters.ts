// Numbers the clusters of rows, and finds which clusters a version was trained on.
import { clusterReader, isClusterEntity } from '../../domain/model/define-model.ts';
import { type ModelDefinition } from '../../domain/model/definition.ts';
import { NO_LABEL } from '../../domain/data/frame.ts';
import { type Database } from '../postgres/database.ts';
import { ByteDictionary } from '../join/byte-dictionary.ts';
import { type Chunk, chunkOf, PARTS } from './chunk.ts';
import { type Dataset } from '../registry/dataset.ts';
import { type Keys } from './keys.ts';
import { everyChunk, readChunks } from './read-chunks.ts';
import { Texts } from './texts.ts';
import { type WireBytes } from '../postgres/copy-out.ts';
import { type TextWriter } from './column-writers.ts';

/** A set of clusters, identified by the bytes of their keys. */
export class ClusterSet {
  readonly #known = new ByteDictionary();
  readonly #keyOf: (entityKey: Buffer) => Buffer;

  /** @param definition decides which entity keys make up a cluster; all definitions of a model agree on it */
  constructor(definition: ModelDefinition) {
    const read = clusterReader(definition);
    this.#keyOf = isClusterEntity(definition)
      ? (key) => key
      : (key) => Buffer.from(read(key.toString('utf8')));
  }

  get size(): number {
    return this.#known.size;
  }

  /** Adds the clusters to which some rows belong. */
  add(keys: Keys, rows: Uint32Array): void {
    for (const row of rows) {
      const key = this.#keyOf(keys.bytesAt(row));
      this.#known.codeOf(key, 0, key.length);
    }
  }

  /** Returns the number of an entity's cluster, or −1 if it was not added. */
  find(entityKey: Buffer): number {
    const key = this.#keyOf(entityKey);
    return this.#known.find(key, 0, key.length);
  }
}

/**
 * Marks the clusters of the set that have training rows in a dataset: labelled and not held out. Only one chunk of
 * each part is in memory.
 *
 * @param marks one byte per cluster of the set; set to 1 for a cluster that has training rows
 * @throws TidegateError DATASET_CHANGED, DATASET_EXPIRED
 */
export async function markTrained(
  database: Database,
  training: Dataset,
  clusters: ClusterSet,
  marks: Uint8Array,
): Promise<void> {
  let labels = new Uint8Array(0);
  let holdout = new Uint8Array(0);
  const parts = [PARTS.labels, PARTS.holdout, PARTS.keys];
  await readChunks(
    database,
    training,
    parts,
    everyChunk(training),
    ({ part, bytes }) => {
      if (part === PARTS.labels) labels = Uint8Array.from(bytes);
      else if (part === PARTS.holdout) holdout = Uint8Array.from(bytes);
      else {
        const keys = new Texts(bytes);
        for (let row = 0; row < keys.length; row += 1) {
          if (labels[row] === NO_LABEL || holdout[row] === 1) continue;
          const cluster = clusters.find(keys.bytesAt(row));
          if (cluster >= 0) marks[cluster] = 1;
        }
      }
    },
    'by rows',
  );
}

/**
 * Writes the cluster number of each row. Rows arrive ordered by entity: if each entity is a cluster, a new cluster
 * begins when the key changes, and no keys have to be remembered.
 */
export class ClusterWriter {
  readonly #values: Uint32Array;
  readonly #keys: TextWriter;
  readonly #isEntity: boolean;
  readonly #known = new ByteDictionary();
  #entities = 0;

  /** @param isEntity whether each entity is a cluster of its own */
  constructor(capacity: number, keys: TextWriter, isEntity: boolean) {
    this.#values = new Uint32Array(capacity);
    this.#keys = keys;
    this.#isEntity = isEntity;
  }

  /** Whether to call `putEntity` with the entity key of each row; otherwise call `put` with the cluster key. */
  get isEntity(): boolean {
    return this.#isEntity;
  }

  /** Compares a row's entity key with that of the previous row. Call it before `keys` receives the new key. */
  putEntity(row: number, wire: WireBytes, at: number, length: number): void {
    // The row before the first row of a chunk is the last row of the previous chunk.
    const before = row === 0 ? this.#values.length - 1 : row - 1;
    const isSame = this.#entities > 0 && this.#keys.isAt(before, wire, at, length);
    if (!isSame) this.#entities += 1;
    this.#values[row] = this.#entities - 1;
  }

  /** Writes the cluster number of a row whose cluster key is the field at `at`. */
  put(row: number, { bytes }: WireBytes, at: number, length: number): void {
    this.#values[row] = this.#known.codeOf(bytes, at, Math.max(0, length));
  }

  chunk(part: string, ordinal: number, rows: number): Chunk {
    return chunkOf(part, ordinal, this.#values.subarray(0, rows));
  }
}
