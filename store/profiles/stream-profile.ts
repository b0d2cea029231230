// Profiles the result of a query while its rows are streamed.
import type pg from 'pg';
import { type FeatureReference } from '../../domain/data/profile/feature-reference.ts';
import { type WindowProfile, WindowProfiler } from '../../domain/data/profile/window-profile.ts';
import { NO_LABEL } from '../../domain/data/frame.ts';
import { copyRows, type WireBytes } from '../postgres/copy-out.ts';
import { CategoryWriter, NumericWriter } from '../datasets/column-writers.ts';
import { type ProfiledQuery, type QueryColumn } from './query-source.ts';

/** Number of rows that are counted together. */
const BATCH_ROWS = 8_192;

/**
 * Counts the rows of a query in the bins of a reference, with the same code as for a frozen dataset. Only 8,192 rows
 * and the distinct values of categories are in memory. No row has a label.
 *
 * @param client may be in a transaction, if the result must come from one snapshot
 * @throws pg.DatabaseError if Postgres fails
 * @example await streamProfile(client, await describeQuery(client, 'select * from february', reference), reference)
 */
export async function streamProfile(
  client: pg.ClientBase,
  { sql, columns }: ProfiledQuery,
  reference: FeatureReference,
): Promise<WindowProfile> {
  const batch = new Batch(columns, reference);
  // Without any known column the select list is empty, and the rows are still counted.
  const values = columns.map(({ value }) => value).join(', ');
  const statement = `copy (select ${values} from (${sql}\n) as profiled) to stdout (format binary)`;
  await copyRows(client, statement, (wire, start) => batch.put(wire, start));
  return batch.profile();
}

class Batch {
  readonly #profiler: WindowProfiler;
  readonly #writers: readonly (NumericWriter | CategoryWriter)[];
  readonly #names: readonly string[];
  /** The value arrays of the numeric columns. `put` writes to them directly, without calling a column writer. */
  readonly #numbers: readonly (Float64Array | undefined)[];
  readonly #noLabels = new Uint8Array(BATCH_ROWS).fill(NO_LABEL);
  #rows = 0;

  constructor(columns: readonly QueryColumn[], reference: FeatureReference) {
    this.#names = columns.map(({ name }) => name);
    this.#writers = columns.map(({ kind }) =>
      kind === 'numeric' ? new NumericWriter(BATCH_ROWS) : new CategoryWriter(BATCH_ROWS),
    );
    this.#numbers = this.#writers.map((writer) =>
      writer instanceof NumericWriter ? writer.values : undefined,
    );
    const heads = columns.map(({ name, kind }, at) => {
      const writer = this.#writers[at];
      return writer instanceof CategoryWriter
        ? { name, kind, dictionary: writer.dictionary }
        : { name, kind };
    });
    this.#profiler = new WindowProfiler(reference, heads);
  }

  put(wire: WireBytes, start: number): void {
    const { view } = wire;
    const row = this.#rows;
    let at = start + 2;
    for (let field = 0; field < this.#writers.length; field += 1) {
      const length = view.getInt32(at);
      const numbers = this.#numbers[field];
      if (numbers) numbers[row] = length < 0 ? NaN : view.getFloat64(at + 4);
      else this.#writers[field]!.put(row, wire, at + 4, length);
      at += 4 + (length < 0 ? 0 : length);
    }
    this.#rows = row + 1;
    if (this.#rows === BATCH_ROWS) this.#count();
  }

  profile(): WindowProfile {
    this.#count();
    return this.#profiler.profile();
  }

  #count(): void {
    const rows = this.#rows;
    this.#rows = 0;
    this.#names.forEach((name, field) => {
      const writer = this.#writers[field]!;
      if (writer instanceof NumericWriter) {
        this.#profiler.addNumbers(name, writer.values.subarray(0, rows));
      } else {
        writer.readDictionary();
        this.#profiler.addCodes(name, writer.codes.subarray(0, rows));
      }
    });
    this.#profiler.addLabels(this.#noLabels.subarray(0, rows));
  }
}
