// A table for comparison, from a file or a query, as rows of cells with their place in the file.
import { open } from 'node:fs/promises';
import { TidegateError } from '../../domain/errors.ts';
import { type CsvOptions, openCsv } from '../import/csv/csv-source.ts';
import { openParquet } from '../import/parquet/parquet-source.ts';
import { type Batch, MalformedFile, type RowSource } from '../import/rows/row-source.ts';

/** A table that can be read once. */
export interface TableSource extends Pick<
  RowSource,
  'header' | 'place' | 'assumed' | 'emptyIsMissing' | 'close'
> {
  /** The name of the table in messages. */
  readonly name: string;
  batches(): AsyncIterable<Pick<Batch, 'rows'>>;
}

/**
 * Opens a CSV or Parquet file; its first bytes tell the format.
 *
 * @param expected column names that the file should have, by which the delimiter of a CSV file is detected
 * @throws TidegateError UNREADABLE_TABLE
 */
export async function openTableFile(
  file: string,
  expected: readonly string[],
  csv: CsvOptions,
): Promise<TableSource> {
  const named = { name: file, path: file };
  const isParquet = await beginsAsParquet(file);
  const source = await reading(() =>
    isParquet ? openParquet(named, { columns: [] }) : openCsv(named, expected, csv),
  );
  if (!source) throw unreadable(named.name, 'it has no header');
  return {
    ...source,
    name: named.name,
    batches: async function* () {
      const batches = source.batches()[Symbol.asyncIterator]();
      for (;;) {
        const next = await reading(() => batches.next());
        if (next.done) return;
        yield next.value;
      }
    },
  };
}

async function beginsAsParquet(file: string): Promise<boolean> {
  try {
    const handle = await open(file);
    try {
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(4), 0, 4, 0);
      return buffer.toString('latin1', 0, bytesRead) === 'PAR1';
    } finally {
      await handle.close();
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw unreadable(file, code === 'ENOENT' ? 'it does not exist' : message, error);
  }
}

async function reading<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof MalformedFile) throw unreadable(error.at, error.message, error);
    throw error;
  }
}

/** Returns the error for something that cannot be compared, with its place. */
export const unreadable = (at: string, problem: string, cause?: unknown): TidegateError =>
  new TidegateError('UNREADABLE_TABLE', `${at}: ${problem}`, { cause, places: [{ at, problem }] });
