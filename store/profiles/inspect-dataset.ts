// Inspects a frozen dataset in one pass: checks its contracts, and sketches its columns to find other faults of the
// data.
import { ContractCheck } from '../../domain/quality/contracts/check-contracts.ts';
import { type ContractResult, type MatchTexts } from '../../domain/model/parts/contract.ts';
import { featuresOf } from '../../domain/model/define-model.ts';
import { type ModelDefinition } from '../../domain/model/definition.ts';
import { WindowSketch } from '../../domain/quality/window-sketch.ts';
import { type Database } from '../postgres/database.ts';
import { CHUNK_ROWS, featurePart, PARTS } from '../datasets/chunk.ts';
import { type Dataset } from '../registry/dataset.ts';
import { everyChunk, type PassingChunk, readChunks } from '../datasets/read-chunks.ts';
import { Texts } from '../datasets/texts.ts';
import { type DatasetColumn } from '../postgres/tables.ts';

/** The result of one pass over a window. */
export interface Inspection {
  readonly contracts: readonly ContractResult[];
  readonly sketch: WindowSketch;
}

/**
 * Checks the contracts of the definition that the dataset was frozen with, and sketches its columns. One pass; only
 * one chunk and the keys of its rows are in memory, for any number of rows and columns.
 *
 * @param match matches texts with regular expressions
 * @throws TidegateError DATASET_CHANGED
 */
export async function inspectDataset(
  database: Database,
  dataset: Dataset,
  definition: ModelDefinition,
  match: MatchTexts,
): Promise<Inspection> {
  const inspector = new Inspector(dataset, definition, match);
  const features = dataset.columns.map((_, position) => featurePart(position));
  const chunks = everyChunk(dataset);
  await readChunks(
    database,
    dataset,
    [PARTS.times, PARTS.keys, ...features],
    chunks,
    (chunk) => inspector.take(chunk),
    'by rows',
  );
  return inspector.finish();
}

/** Takes the chunks of a window in the order 'by rows': times first, then keys, then the features. */
class Inspector {
  readonly #contracts: ContractCheck;
  readonly #sketch: WindowSketch;
  readonly #columns: ReadonlyMap<string, DatasetColumn>;
  // Buffer for aligned copies: a typed array must begin at a multiple of its element size, and the bytes of a chunk
  // may begin anywhere.
  readonly #aligned = new ArrayBuffer(CHUNK_ROWS * 8);
  #times = new BigInt64Array(0);
  #keys: Texts | undefined;

  constructor(dataset: Dataset, definition: ModelDefinition, match: MatchTexts) {
    const tables = new Map(
      featuresOf(definition).map(({ name, view }) => [
        name,
        view === null ? null : (definition.features[view]?.table ?? null),
      ]),
    );
    this.#contracts = new ContractCheck(definition, dataset.columns, match);
    this.#sketch = new WindowSketch(dataset.columns, (column) => tables.get(column) ?? null);
    this.#columns = new Map(dataset.columns.map((column, position) => [featurePart(position), column]));
  }

  take({ part, bytes }: PassingChunk): void {
    const column = this.#columns.get(part);
    if (column) return this.#takeColumn(column, bytes);
    if (part === PARTS.keys) {
      this.#keys = new Texts(Uint8Array.from(bytes));
      return;
    }
    this.#sketch.endPiece();
    this.#times = new BigInt64Array(new Uint8Array(bytes).buffer);
    this.#contracts.addRows(this.#times.length);
    this.#sketch.startPiece(this.#times.length);
  }

  finish(): Inspection {
    this.#sketch.endPiece();
    return { contracts: this.#contracts.results(), sketch: this.#sketch };
  }

  #takeColumn({ name, kind, dictionary = [] }: DatasetColumn, bytes: Buffer): void {
    new Uint8Array(this.#aligned).set(bytes);
    const feature =
      kind === 'numeric'
        ? ({ kind, name, values: new Float64Array(this.#aligned, 0, bytes.length / 8) } as const)
        : ({ kind, name, codes: new Uint32Array(this.#aligned, 0, bytes.length / 4), dictionary } as const);
    this.#contracts.addColumn(feature, {
      key: (row) => this.#keys?.at(row) ?? '',
      time: (row) => this.#times[row] ?? 0n,
    });
    this.#sketch.addColumn(feature);
  }
}
