// Scores the holdout rows of a dataset as its chunks pass, those of the same rows together.
import { type Awaitable, type Scorer } from '../../domain/learning/artifact/scorer.ts';
import { type FeatureColumn } from '../../domain/data/frame.ts';
import { countLabelsOf, type LabelCounts, NO_ROWS } from '../../domain/performance/label-counts.ts';
import { type DatasetColumn } from '../postgres/tables.ts';
import { codesIn, featurePart, numbersIn, PARTS, timesIn } from './chunk.ts';
import { type Dataset } from '../registry/dataset.ts';
import { everyChunk, type PassingChunk, readChunks } from './read-chunks.ts';
import { type Database } from '../postgres/database.ts';

/** Holdout rows with their scores, in the order of the dataset. */
export interface ScoredHoldout {
  readonly scores: Float64Array;
  /** 0, 1 or `NO_LABEL`. */
  readonly labels: Uint8Array;
  /** Empty where the clusters did not pass. */
  readonly clusters: Uint32Array;
  /** Labels of all rows, and of those held out; a row whose time did not pass counts as one of 1970. */
  readonly counts: { readonly window: LabelCounts; readonly holdout: LabelCounts };
}

/**
 * A version that scores what passes. Chunks come by rows: first the holdout and the labels, then what else is wanted.
 *
 * @example
 * const scorer = new HoldoutScorer(dataset, version);
 * await readChunks(database, dataset, [PARTS.holdout, PARTS.labels, ...scorer.features], range, (chunk) => scorer.take(chunk), 'by rows');
 * (await scorer.finish()).scores;
 */
export class HoldoutScorer {
  /** The parts that hold the features of the version. */
  readonly features: readonly string[];
  readonly #columns: ReadonlyMap<string, DatasetColumn>;
  readonly #version: Scorer;
  readonly #expectedUntil: Date;
  readonly #scores: Float64Array[] = [];
  readonly #labels: Uint8Array[] = [];
  readonly #clusters: Uint32Array[] = [];
  readonly #chunkRows: number;
  /** Room for the holdout rows' values of each feature, used again by the next chunk. */
  readonly #numbers = new Map<string, Float64Array>();
  readonly #codes = new Map<string, Uint32Array>();
  #window = NO_ROWS;
  #holdout = NO_ROWS;
  /** Of the chunk under way: its holdout rows, the times of all where they passed, and the features so far. */
  #rows = new Uint32Array(0);
  #times: BigInt64Array | undefined;
  #picked: FeatureColumn[] = [];

  /** @param expectedUntil rows up to this time should have their label. @default the instant by which labels were known */
  constructor(dataset: Dataset, version: Scorer, expectedUntil = dataset.asKnownAt) {
    const wanted = new Set(version.features);
    this.#columns = new Map(
      dataset.columns.flatMap((column, position) =>
        wanted.has(column.name) ? [[featurePart(position), column] as const] : [],
      ),
    );
    this.#chunkRows = dataset.chunkRows;
    this.features = [...this.#columns.keys()];
    this.#version = version;
    this.#expectedUntil = expectedUntil;
  }

  /** Takes a chunk; of a part that it has no use for, nothing. A promise has to be waited for before the next. */
  take({ part, bytes }: PassingChunk): Awaitable<void> {
    const column = this.#columns.get(part);
    if (column) this.#picked.push(this.#pick(column, bytes));
    else if (part === PARTS.holdout) return this.#startChunk(bytes);
    else if (part === PARTS.times) this.#times = timesIn(bytes).slice();
    else if (part === PARTS.labels) this.#takeLabels(bytes);
    else if (part === PARTS.clusters) this.#clusters.push(pick(codesIn(bytes), this.#rows, Uint32Array));
  }

  /** All scores, once the last chunk has passed. */
  async finish(): Promise<ScoredHoldout> {
    await this.#scoreChunk();
    const labels = new Uint8Array(Buffer.concat(this.#labels));
    const scores = new Float64Array(labels.length);
    const clusters = new Uint32Array(this.#clusters.length === 0 ? 0 : labels.length);
    let at = 0;
    this.#scores.forEach((piece, index) => {
      scores.set(piece, at);
      const clustersOf = this.#clusters[index];
      if (clustersOf) clusters.set(clustersOf, at);
      at += piece.length;
    });
    return { scores, labels, clusters, counts: { window: this.#window, holdout: this.#holdout } };
  }

  /** The holdout comes first of a chunk: the one before is whole then. */
  #startChunk(holdout: Uint8Array): Awaitable<void> {
    const scored = this.#scoreChunk();
    const rows = new Uint32Array(holdout.length);
    let count = 0;
    // Without a branch: which rows are held out cannot be foretold.
    for (let row = 0; row < holdout.length; row += 1) {
      rows[count] = row;
      count += holdout[row]!;
    }
    this.#rows = rows.subarray(0, count);
    this.#times = undefined;
    this.#picked = [];
    return scored;
  }

  #takeLabels(labels: Uint8Array): void {
    const held = pick(labels, this.#rows, Uint8Array);
    const heldTimes = this.#times && pick(this.#times, this.#rows, BigInt64Array);
    this.#window = countLabelsOf(this.#window, labels, this.#times, this.#expectedUntil);
    this.#holdout = countLabelsOf(this.#holdout, held, heldTimes, this.#expectedUntil);
    this.#labels.push(held);
  }

  #pick({ name, kind, dictionary = [] }: DatasetColumn, bytes: Buffer): FeatureColumn {
    const rows = this.#rows;
    if (kind === 'category') {
      const codes = codesIn(bytes);
      const room = this.#codes.get(name) ?? new Uint32Array(this.#chunkRows);
      this.#codes.set(name, room);
      for (let at = 0; at < rows.length; at += 1) room[at] = codes[rows[at]!]!;
      return { kind, name, codes: room.subarray(0, rows.length), dictionary };
    }
    const values = numbersIn(bytes);
    const room = this.#numbers.get(name) ?? new Float64Array(this.#chunkRows);
    this.#numbers.set(name, room);
    for (let at = 0; at < rows.length; at += 1) room[at] = values[rows[at]!]!;
    return { kind, name, values: room.subarray(0, rows.length) };
  }

  /** Once all parts of a chunk have passed. */
  #scoreChunk(): Awaitable<void> {
    if (this.#labels.length === this.#scores.length) return;
    const rows = this.#rows.length;
    const all = new Uint32Array(rows);
    for (let row = 0; row < rows; row += 1) all[row] = row;
    const frame = {
      rows,
      features: this.#picked,
      labels: this.#labels.at(-1)!,
      holdout: new Uint8Array(0),
      clusters: new Uint32Array(0),
      times: new BigInt64Array(0),
    };
    const scored = this.#version.scoreRows(frame, all);
    const keep = (scores: Float64Array): void => void this.#scores.push(scores);
    return scored instanceof Promise ? scored.then(keep) : keep(scored);
  }
}

function pick<T extends Uint8Array | Uint32Array | BigInt64Array>(
  values: T,
  rows: Uint32Array,
  type: new (length: number) => T,
): T {
  const picked = new type(rows.length);
  for (let at = 0; at < rows.length; at += 1) picked[at] = values[rows[at]!]!;
  return picked;
}

/**
 * Scores every holdout row, labelled or not. Only the columns that the version uses are read; memory holds those of
 * one chunk's holdout rows, and the scores.
 *
 * @param expectedUntil rows up to this time should have their label
 * @throws TidegateError DATASET_CHANGED; UNKNOWN_COLUMN, WRONG_COLUMN_TYPE where the dataset lacks a feature of the version
 */
export async function scoreHoldout(
  database: Database,
  dataset: Dataset,
  version: Scorer,
  expectedUntil: Date,
): Promise<ScoredHoldout> {
  const scorer = new HoldoutScorer(dataset, version, expectedUntil);
  const parts = [PARTS.holdout, PARTS.times, PARTS.labels, PARTS.clusters, ...scorer.features];
  await readChunks(database, dataset, parts, everyChunk(dataset), (chunk) => scorer.take(chunk), 'by rows');
  return scorer.finish();
}
