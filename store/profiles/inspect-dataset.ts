// Reads a frozen dataset once, and counts what the checks of its quality need.
import { type MatchTexts } from '../../domain/model/parts/contract.ts';
import { type ModelDefinition } from '../../domain/model/definition.ts';
import { type RowNames } from '../../domain/quality/tally.ts';
import { WindowPass } from '../../domain/quality/window-pass.ts';
import { type Database } from '../postgres/database.ts';
import { CHUNK_ROWS, featurePart, PARTS } from '../datasets/chunk.ts';
import { type Dataset } from '../registry/dataset.ts';
import { everyChunk, type PassingChunk, readChunks } from '../datasets/read-chunks.ts';
import { Texts } from '../datasets/texts.ts';
import { type DatasetColumn } from '../postgres/tables.ts';

/**
 * Counts the columns of a dataset, and the rows that break the contracts of the definition that it was frozen with. One
 * pass; only one chunk and the keys of its rows are in memory, for any number of rows and columns.
 *
 * @param match matches texts with regular expressions
 * @throws TidegateError DATASET_CHANGED
 */
export async function inspectDataset(
  database: Database,
  dataset: Dataset,
  definition: ModelDefinition,
  match: MatchTexts,
): Promise<WindowPass> {
  const pass = new WindowPass(definition, dataset.columns, match);
  const reader = new ChunkReader(dataset.columns, pass);
  const features = dataset.columns.map((_, position) => featurePart(position));
  const chunks = everyChunk(dataset);
  await readChunks(
    database,
    dataset,
    [PARTS.times, PARTS.keys, ...features],
    chunks,
    (chunk) => reader.take(chunk),
    'by rows',
  );
  pass.endPiece();
  return pass;
}

/** Takes the chunks of a window in the order 'by rows': times first, then keys, then the features. */
class ChunkReader {
  readonly #pass: WindowPass;
  readonly #columns: ReadonlyMap<string, DatasetColumn>;
  // Buffer for aligned copies: a typed array must begin at a multiple of its element size, and the bytes of a chunk
  // may begin anywhere.
  readonly #aligned = new ArrayBuffer(CHUNK_ROWS * 8);
  #times = new BigInt64Array(0);
  #keys: Texts | undefined;
  readonly #names: RowNames = {
    key: (row) => this.#keys?.at(row) ?? '',
    time: (row) => this.#times[row] ?? 0n,
  };

  constructor(columns: readonly DatasetColumn[], pass: WindowPass) {
    this.#pass = pass;
    this.#columns = new Map(columns.map((column, position) => [featurePart(position), column]));
  }

  take({ part, bytes }: PassingChunk): void {
    const column = this.#columns.get(part);
    if (column) return this.#takeColumn(column, bytes);
    if (part === PARTS.keys) {
      this.#keys = new Texts(Uint8Array.from(bytes));
      return;
    }
    this.#pass.endPiece();
    this.#times = new BigInt64Array(new Uint8Array(bytes).buffer);
    this.#pass.startPiece(this.#times.length, this.#names);
  }

  #takeColumn({ name, kind, dictionary = [] }: DatasetColumn, bytes: Buffer): void {
    new Uint8Array(this.#aligned).set(bytes);
    this.#pass.addColumn(
      kind === 'numeric'
        ? { kind, name, values: new Float64Array(this.#aligned, 0, bytes.length / 8) }
        : { kind, name, codes: new Uint32Array(this.#aligned, 0, bytes.length / 4), dictionary },
    );
  }
}
