// Profiles a frozen dataset, or a part of it, chunk by chunk.
import { type Awaitable } from '../../domain/learning/artifact/scorer.ts';
import { type FeatureReference } from '../../domain/data/profile/feature-reference.ts';
import { type WindowProfile, WindowProfiler } from '../../domain/data/profile/window-profile.ts';
import { type Database } from '../postgres/database.ts';
import { codesIn, featurePart, numbersIn, PARTS } from '../datasets/chunk.ts';
import { type Dataset } from '../registry/dataset.ts';
import { type HoldoutScorer } from '../datasets/holdout-scorer.ts';
import { type ChunkRange, everyChunk, type PassingChunk, readChunks } from '../datasets/read-chunks.ts';
import { type DatasetColumn } from '../postgres/tables.ts';
import { entitySampler, type SideRows } from '../../domain/drift/multivariate/pooled-rows.ts';
import { readDataset } from '../datasets/read.ts';
import { Texts } from '../datasets/texts.ts';

/**
 * Counts the rows of a dataset, or of a range of its chunks, in the bins of a reference. Only columns of the
 * reference are read.
 *
 * @param range @default all chunks
 * @param scorer receives the chunks as well, so that scoring needs no second pass; its features are then read too.
 *   @default none
 * @throws TidegateError DATASET_CHANGED
 */
export async function profileDataset(
  database: Database,
  dataset: Dataset,
  reference: FeatureReference,
  range: ChunkRange = everyChunk(dataset),
  scorer?: HoldoutScorer,
): Promise<WindowProfile> {
  const profiler = new ChunkProfiler(reference, dataset.columns);
  const features = new Set([...profiler.parts, ...(scorer?.features ?? [])]);
  const parts = [...(scorer ? [PARTS.holdout] : []), ...features];
  const take = (chunk: PassingChunk): Awaitable<void> => {
    profiler.take(chunk);
    return scorer?.take(chunk);
  };
  await readChunks(database, dataset, parts, range, take, scorer ? 'by rows' : 'by part');
  return profiler.profile();
}

/** Builds a profile from chunks. @example for (const chunk of chunks) profiler.take(chunk); profiler.profile(); */
export class ChunkProfiler {
  /** The parts that are counted: labels and the columns of the reference. */
  readonly parts: readonly string[];
  readonly #profiler: WindowProfiler;
  readonly #columns: ReadonlyMap<string, DatasetColumn>;

  /** @param columns in the order of their parts; dictionaries may grow from chunk to chunk */
  constructor(reference: FeatureReference, columns: readonly DatasetColumn[]) {
    this.#profiler = new WindowProfiler(reference, columns);
    this.#columns = new Map(
      columns.flatMap((column, position) =>
        this.#profiler.wants(column.name) ? [[featurePart(position), column] as const] : [],
      ),
    );
    this.parts = [PARTS.labels, ...this.#columns.keys()];
  }

  /** Takes a chunk. Chunks of other parts are ignored. */
  take({ part, bytes }: { readonly part: string; readonly bytes: Buffer }): void {
    const column = this.#columns.get(part);
    if (part === PARTS.labels) this.#profiler.addLabels(bytes);
    else if (column?.kind === 'numeric') this.#profiler.addNumbers(column.name, numbersIn(bytes));
    else if (column) this.#profiler.addCodes(column.name, codesIn(bytes));
  }

  /** Returns the profile of all chunks taken so far. */
  profile(): WindowProfile {
    return this.#profiler.profile();
  }
}

/**
 * Reads a sample of about `rows` rows of a dataset. An entity is chosen by a hash, so different datasets yield the
 * same entities. Only the keys of one chunk and the chosen rows are in memory.
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
