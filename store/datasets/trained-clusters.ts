// Which clusters a version was trained on, among some that are asked about.
import { clusterReader, isClusterEntity } from '../../domain/model/define-model.ts';
import { type ModelDefinition } from '../../domain/model/definition.ts';
import { NO_LABEL } from '../../domain/data/frame.ts';
import { type Database } from '../database.ts';
import { ByteDictionary } from './byte-dictionary.ts';
import { PARTS } from './chunk.ts';
import { type Dataset } from './dataset.ts';
import { type Keys } from './keys.ts';
import { everyChunk, readChunks } from './read-chunks.ts';
import { Texts } from './texts.ts';

/** Clusters of rows, by the bytes of their keys. */
export class ClusterSet {
  readonly #known = new ByteDictionary();
  readonly #keyOf: (entityKey: Buffer) => Buffer;

  /** @param definition says which entity keys make a cluster; it is the same for all definitions of a model */
  constructor(definition: ModelDefinition) {
    const read = clusterReader(definition);
    this.#keyOf = isClusterEntity(definition)
      ? (key) => key
      : (key) => Buffer.from(read(key.toString('utf8')));
  }

  get size(): number {
    return this.#known.size;
  }

  /** Adds the clusters of some rows. */
  add(keys: Keys, rows: Uint32Array): void {
    for (const row of rows) {
      const key = this.#keyOf(keys.bytesAt(row));
      this.#known.codeOf(key, 0, key.length);
    }
  }

  /** The number of the cluster of an entity, or −1 where it was not added. */
  find(entityKey: Buffer): number {
    const key = this.#keyOf(entityKey);
    return this.#known.find(key, 0, key.length);
  }
}

/**
 * Marks those clusters of the set that have rows to learn from in a dataset: labelled, and not held out. Memory holds a
 * chunk.
 *
 * @param marks a byte per cluster of the set; 1 where it was trained on
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
