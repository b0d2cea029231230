// Scores the holdout rows of a dataset while its chunks are read, group of rows by group of rows.
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
  /** Empty if the cluster chunks were not read. */
  readonly clusters: Uint32Array;
  /**
   * Label counts of all rows and of the holdout rows. If the time chunks were not read, every row counts as one of
   * 1970.
   */
  readonly counts: { readonly window: LabelCounts; readonly holdout: LabelCounts };
}

/**
 * Scores chunks with a version as they are read. Chunks must arrive in the order 'by rows': first holdout and labels,
 * then the rest.
 *
 * @example
 * const scorer = new HoldoutScorer(dataset, version);
 * await readChunks(database, dataset, [PARTS.holdout, PARTS.labels, ...scorer.features], range, (chunk) => scorer.take(chunk), 'by rows');
 * (await scorer.finish()).scores;
 */
export class HoldoutScorer {
  /** The parts that contain the features of the version. */
  readonly features: readonly string[];
  readonly #columns: ReadonlyMap<string, DatasetColumn>;
  readonly #version: Scorer;
  readonly #expectedUntil: Date;
  readonly #scores: Float64Array[] = [];
  readonly #labels: Uint8Array[] = [];
  readonly #clusters: Uint32Array[] = [];
  readonly #chunkRows: number;
  /** A buffer for each feature with its values in the holdout rows; the next chunk uses the same buffer. */
  readonly #numbers = new Map<string, Float64Array>();
  readonly #codes = new Map<string, Uint32Array>();
  #window = NO_ROWS;
  #holdout = NO_ROWS;
  /**
   * State of the current chunk: its holdout rows, the times of all rows if they were read, and the features that have
   * arrived so far.
   */
  #rows = new Uint32Array(0);
  #times: BigInt64Array | undefined;
  #picked: FeatureColumn[] = [];

  /**
   * @param expectedUntil rows up to this time should have a label by now; a missing one counts as overdue.
   *   @default the instant by which labels were known
   */
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

  /** Takes a chunk; ignores parts that it does not need. If it returns a promise, await it before the next call. */
  take({ part, bytes }: PassingChunk): Awaitable<void> {
    const column = this.#columns.get(part);
    if (column) this.#picked.push(this.#pick(column, bytes));
    else if (part === PARTS.holdout) return this.#startChunk(bytes);
    else if (part === PARTS.times) this.#times = timesIn(bytes).slice();
    else if (part === PARTS.labels) this.#takeLabels(bytes);
    else if (part === PARTS.clusters) this.#clusters.push(pick(codesIn(bytes), this.#rows, Uint32Array));
  }

  /** Returns all scores. Call it after the last chunk. */
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

  /** Starts a new group of rows. The holdout part comes first, so the previous group is complete. */
  #startChunk(holdout: Uint8Array): Awaitable<void> {
    const scored = this.#scoreChunk();
    const rows = new Uint32Array(holdout.length);
    let count = 0;
    // Written without a branch, because the processor cannot predict which rows are held out.
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

  /** Scores the current group of rows after all its parts have arrived. */
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
 * Scores every holdout row, labelled or not. Only the columns that the version uses are read. Memory use is bounded
 * by these columns for one chunk's holdout rows, plus all scores.
 *
 * @param expectedUntil rows up to this time should have a label by now; a missing one counts as overdue
 * @throws TidegateError DATASET_CHANGED; UNKNOWN_COLUMN, WRONG_COLUMN_TYPE if the dataset lacks a feature of the
 *   version
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
