// Computes the derived columns of a chunk once its source columns are complete.
import { MISSING_CODE } from '../../domain/data/frame.ts';
import { derivationsOf, rowDeriver } from '../../domain/model/derivation.ts';
import { type Value } from '../../domain/model/derived/operator.ts';
import { type ModelDefinition } from '../../domain/model/definition.ts';
import { type Chunk, chunkOf } from './chunk.ts';
import { type CategoryWriter, NumericWriter } from './column-writers.ts';

/** The writer of a source column. */
export type SourceWriter = NumericWriter | CategoryWriter;

/** A derived column that can be written as a chunk. */
export interface DerivedColumn {
  chunk(part: string, ordinal: number, rows: number): Chunk;
}

/** Evaluates the derived columns of a definition over the rows of a chunk. */
export class DerivedColumns {
  /** The derived columns by name, in the order of evaluation, including columns that are not features. */
  readonly columns: ReadonlyMap<string, DerivedValues>;
  readonly #derive: ReturnType<typeof rowDeriver>['derive'];
  readonly #sources: number;
  /** The source columns that derived columns read, and their positions in a row. */
  readonly #inputs: readonly { readonly place: number; readonly writer: SourceWriter }[];
  readonly #row: Value[];

  /** @param writers the writers of the source columns, in the order of `sourceColumnsOf` */
  constructor(definition: ModelDefinition, writers: readonly SourceWriter[], capacity: number) {
    const derivations = derivationsOf(definition);
    const { columns, sources, derive } = rowDeriver(definition);
    this.#derive = derive;
    this.#sources = sources;
    this.#row = columns.map(() => null);
    const read = new Set(derivations.flatMap(({ inputs }) => inputs));
    this.#inputs = writers.flatMap((writer, place) =>
      read.has(columns[place] ?? '') ? [{ place, writer }] : [],
    );
    this.columns = new Map(
      derivations.map(({ name, kind }) => [
        name,
        kind === 'numeric' ? new DerivedNumbers(capacity) : new DerivedTexts(capacity),
      ]),
    );
  }

  /** Computes the derived values of the first `rows` rows of the chunk. */
  compute(times: BigInt64Array, rows: number): void {
    if (this.columns.size === 0) return;
    const results = [...this.columns.values()];
    const inputs = this.#inputs.map(({ place, writer }) => ({ place, read: readerOf(writer) }));
    for (let row = 0; row < rows; row += 1) {
      for (const { place, read } of inputs) this.#row[place] = read(row);
      this.#derive(this.#row, Number(times[row]));
      for (let at = 0; at < results.length; at += 1) {
        results[at]?.set(row, this.#row[this.#sources + at] ?? null);
      }
    }
  }
}

function readerOf(writer: SourceWriter): (row: number) => Value {
  if (writer instanceof NumericWriter) {
    const { values } = writer;
    return (row) => {
      const value = values[row] ?? NaN;
      return Number.isNaN(value) ? null : value;
    };
  }
  const { codes } = writer;
  const dictionary = writer.readDictionary();
  return (row) => dictionary[codes[row] ?? MISSING_CODE] ?? null;
}

/** Values of one derived column. */
export interface DerivedValues extends DerivedColumn {
  /** Distinct values in the order of their first row; present for categories only. */
  readonly dictionary?: string[];
  set(row: number, value: Value): void;
}

class DerivedNumbers implements DerivedValues {
  readonly #values: Float64Array;

  constructor(capacity: number) {
    this.#values = new Float64Array(capacity);
  }

  set(row: number, value: Value): void {
    this.#values[row] = typeof value === 'number' ? value : NaN;
  }

  chunk(part: string, ordinal: number, rows: number): Chunk {
    return chunkOf(part, ordinal, this.#values.subarray(0, rows));
  }
}

class DerivedTexts implements DerivedValues {
  readonly dictionary: string[] = [];
  readonly #codes: Uint32Array;
  readonly #known = new Map<string, number>();

  constructor(capacity: number) {
    this.#codes = new Uint32Array(capacity);
  }

  set(row: number, value: Value): void {
    this.#codes[row] = typeof value === 'string' ? this.#codeOf(value) : MISSING_CODE;
  }

  chunk(part: string, ordinal: number, rows: number): Chunk {
    return chunkOf(part, ordinal, this.#codes.subarray(0, rows));
  }

  #codeOf(text: string): number {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const code = this.dictionary.length;
    this.#known.set(text, code);
    this.dictionary.push(text);
    return code;
  }
}
