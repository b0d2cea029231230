// Scores the holdout rows of a frozen dataset as they go by, without ever holding its rows.
import { type FeatureColumn } from '../../domain/features/frame.ts';
import { type Artifact } from '../../domain/learning/artifact.ts';
import { scoreRows } from '../../domain/learning/score.ts';
import { countLabelsOf, type LabelCounts, NO_ROWS } from '../../domain/performance/label-counts.ts';
import { type Database } from '../database.ts';
import { type DatasetColumn } from '../tables.ts';
import { featurePart, PARTS } from './chunk.ts';
import { type Dataset } from './dataset.ts';
import { type ChunkRange, everyChunk, type PassingChunk, readChunks } from './read-chunks.ts';

/** Holdout rows with their scores, in the order of the dataset. */
export interface ScoredHoldout {
  readonly scores: Float64Array;
  /** 0, 1 or `NO_LABEL`. */
  readonly labels: Uint8Array;
  readonly clusters: Uint32Array;
  /** Labels of all rows, and of those held out. */
  readonly counts: { readonly window: LabelCounts; readonly holdout: LabelCounts };
}

/** Which rows to score, and when their labels are due. */
export interface ScoreOptions {
  /** Rows up to this time should have their label. @default the instant by which labels were known */
  readonly expectedUntil?: Date;
  /** @default all chunks */
  readonly range?: ChunkRange;
}

/**
 * Scores every holdout row, labelled or not. Only the columns that the version encodes are read; memory holds those of
 * one chunk's holdout rows, and the scores.
 *
 * @throws TidegateError DATASET_CHANGED; UNKNOWN_COLUMN, WRONG_COLUMN_TYPE where the dataset lacks a feature of the version
 */
export async function scoreHoldout(
  database: Database,
  dataset: Dataset,
  artifact: Artifact,
  { expectedUntil = dataset.asKnownAt, range = everyChunk(dataset) }: ScoreOptions = {},
): Promise<ScoredHoldout> {
  const wanted = new Set(artifact.encoding.columns.map(({ name }) => name));
  const columns = new Map(
    dataset.columns.flatMap((column, position) =>
      wanted.has(column.name) ? [[featurePart(position), column] as const] : [],
    ),
  );
  const scorer = new HoldoutScorer(columns, artifact, expectedUntil);
  // What says which rows are held out comes before what is read of them.
  const parts = [PARTS.holdout, PARTS.times, PARTS.labels, PARTS.clusters, ...columns.keys()];
  await readChunks(database, dataset, parts, range, (chunk) => scorer.take(chunk), 'by rows');
  return scorer.finish();
}

class HoldoutScorer {
  readonly #columns: ReadonlyMap<string, DatasetColumn>;
  readonly #artifact: Artifact;
  readonly #expectedUntil: Date;
  readonly #scores: Float64Array[] = [];
  readonly #labels: Uint8Array[] = [];
  readonly #clusters: Uint32Array[] = [];
  #window = NO_ROWS;
  #holdout = NO_ROWS;
  /** Of the chunk under way: its holdout rows, their times, and their features so far. */
  #rows = new Uint32Array(0);
  #times = new BigInt64Array(0);
  #features: FeatureColumn[] = [];

  constructor(columns: ReadonlyMap<string, DatasetColumn>, artifact: Artifact, expectedUntil: Date) {
    this.#columns = columns;
    this.#artifact = artifact;
    this.#expectedUntil = expectedUntil;
  }

  take({ part, bytes }: PassingChunk): void {
    const column = this.#columns.get(part);
    // A copy of its own: what arrives stands anywhere, and its memory is used again.
    const { buffer } = Uint8Array.from(bytes);
    if (column) this.#features.push(this.#picked(column, buffer));
    else if (part === PARTS.holdout) this.#startChunk(new Uint8Array(buffer));
    else if (part === PARTS.times) this.#times = new BigInt64Array(buffer);
    else if (part === PARTS.labels) this.#takeLabels(new Uint8Array(buffer));
    else {
      const clusters = new Uint32Array(buffer);
      this.#clusters.push(this.#rows.map((row) => clusters[row]!));
    }
  }

  finish(): ScoredHoldout {
    this.#scoreChunk();
    const labels = Uint8Array.from(Buffer.concat(this.#labels));
    const scores = new Float64Array(labels.length);
    const clusters = new Uint32Array(labels.length);
    let at = 0;
    this.#scores.forEach((piece, index) => {
      scores.set(piece, at);
      clusters.set(this.#clusters[index]!, at);
      at += piece.length;
    });
    return { scores, labels, clusters, counts: { window: this.#window, holdout: this.#holdout } };
  }

  #startChunk(holdout: Uint8Array): void {
    this.#scoreChunk();
    this.#rows = Uint32Array.from(holdout.keys()).filter((row) => holdout[row] === 1);
    this.#features = [];
  }

  #takeLabels(labels: Uint8Array): void {
    const held = Uint8Array.from(this.#rows, (row) => labels[row]!);
    const heldTimes = BigInt64Array.from(this.#rows, (row) => this.#times[row]!);
    this.#window = countLabelsOf(this.#window, labels, this.#times, this.#expectedUntil);
    this.#holdout = countLabelsOf(this.#holdout, held, heldTimes, this.#expectedUntil);
    this.#labels.push(held);
  }

  #picked({ name, kind, dictionary = [] }: DatasetColumn, buffer: ArrayBuffer): FeatureColumn {
    if (kind === 'numeric') {
      const values = new Float64Array(buffer);
      return { kind, name, values: Float64Array.from(this.#rows, (row) => values[row]!) };
    }
    const codes = new Uint32Array(buffer);
    return { kind, name, codes: this.#rows.map((row) => codes[row]!), dictionary };
  }

  /** Once all parts of a chunk have passed. */
  #scoreChunk(): void {
    if (this.#labels.length === this.#scores.length) return;
    const rows = this.#rows.length;
    const frame = {
      rows,
      features: this.#features,
      labels: this.#labels.at(-1)!,
      holdout: new Uint8Array(rows).fill(1),
      clusters: this.#clusters.at(-1)!,
      times: new BigInt64Array(rows),
    };
    this.#scores.push(
      scoreRows(
        this.#artifact,
        frame,
        Uint32Array.from({ length: rows }, (_, row) => row),
      ),
    );
  }
}
