// Scores the holdout rows of a dataset as its chunks pass, those of the same rows together.
import { type Awaitable } from '../../domain/awaitable.ts';
import { type FeatureColumn } from '../../domain/features/frame.ts';
import { type Scorer } from '../../domain/learning/scorer.ts';
import { countLabelsOf, type LabelCounts, NO_ROWS } from '../../domain/performance/label-counts.ts';
import { type DatasetColumn } from '../tables.ts';
import { featurePart, PARTS } from './chunk.ts';
import { type Dataset } from './dataset.ts';
import { type PassingChunk } from './read-chunks.ts';

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
  #window = NO_ROWS;
  #holdout = NO_ROWS;
  /** Of the chunk under way: its holdout rows, the times of all, and the features so far. */
  #rows = new Uint32Array(0);
  #times = new BigInt64Array(0);
  #picked: FeatureColumn[] = [];

  /** @param expectedUntil rows up to this time should have their label. @default the instant by which labels were known */
  constructor(dataset: Dataset, version: Scorer, expectedUntil = dataset.asKnownAt) {
    const wanted = new Set(version.features);
    this.#columns = new Map(
      dataset.columns.flatMap((column, position) =>
        wanted.has(column.name) ? [[featurePart(position), column] as const] : [],
      ),
    );
    this.features = [...this.#columns.keys()];
    this.#version = version;
    this.#expectedUntil = expectedUntil;
  }

  /** Takes a chunk; of a part that it has no use for, nothing. A promise has to be waited for before the next. */
  take({ part, bytes }: PassingChunk): Awaitable<void> {
    const column = this.#columns.get(part);
    if (column) this.#picked.push(this.#pick(column, bytes));
    else if (part === PARTS.holdout) return this.#startChunk(bytes);
    else if (part === PARTS.times) this.#times = new BigInt64Array(aligned(bytes));
    else if (part === PARTS.labels) this.#takeLabels(new Uint8Array(bytes));
    else if (part === PARTS.clusters) {
      this.#clusters.push(this.#pickCodes(new Uint32Array(aligned(bytes))));
    }
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
    for (let row = 0; row < holdout.length; row += 1) if (holdout[row] === 1) rows[count++] = row;
    this.#rows = rows.slice(0, count);
    this.#times = new BigInt64Array(holdout.length);
    this.#picked = [];
    return scored;
  }

  #takeLabels(labels: Uint8Array): void {
    const rows = this.#rows;
    const held = new Uint8Array(rows.length);
    const heldTimes = new BigInt64Array(rows.length);
    for (let at = 0; at < rows.length; at += 1) {
      held[at] = labels[rows[at]!]!;
      heldTimes[at] = this.#times[rows[at]!]!;
    }
    this.#window = countLabelsOf(this.#window, labels, this.#times, this.#expectedUntil);
    this.#holdout = countLabelsOf(this.#holdout, held, heldTimes, this.#expectedUntil);
    this.#labels.push(held);
  }

  #pick({ name, kind, dictionary = [] }: DatasetColumn, bytes: Buffer): FeatureColumn {
    if (kind === 'category') {
      return { kind, name, codes: this.#pickCodes(new Uint32Array(aligned(bytes))), dictionary };
    }
    const values = new Float64Array(aligned(bytes));
    const rows = this.#rows;
    const picked = new Float64Array(rows.length);
    for (let at = 0; at < rows.length; at += 1) picked[at] = values[rows[at]!]!;
    return { kind, name, values: picked };
  }

  #pickCodes(codes: Uint32Array): Uint32Array {
    const rows = this.#rows;
    const picked = new Uint32Array(rows.length);
    for (let at = 0; at < rows.length; at += 1) picked[at] = codes[rows[at]!]!;
    return picked;
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

/** A copy: typed arrays stand at multiples of their size, and what passes stands anywhere and is overwritten. */
const aligned = (bytes: Buffer): ArrayBuffer => new Uint8Array(bytes).buffer;
