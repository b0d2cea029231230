// Copies the rows of one file to Postgres: reads, checks, encodes and sends them.
import { stat } from 'node:fs/promises';
import { type CopyIn } from '../postgres/copy-in.ts';
import { type ImportProblems } from './problems.ts';
import { type RowEncoder } from './row-encoder.ts';
import { MalformedFile, type RowSource } from './rows/row-source.ts';
import { type SourceFile } from './source-files.ts';

/** Options for copying a file. */
export interface CopyOptions {
  /** Opens the COPY that receives the encoder's lines. */
  readonly open: () => Promise<CopyIn>;
  readonly signal: AbortSignal | undefined;
  /** Called after each batch with the rows and the bytes of the file read so far. */
  readonly onRows: (rows: number, bytes: number) => void;
  /** Whether to stop at the first problem and abort the COPY. @default false */
  readonly giveUp?: boolean;
}

/**
 * Copies the valid rows of a source. Invalid rows are added to the problems. A file that turns out to be malformed,
 * contains no rows or changes while it is read is added as well.
 *
 * @returns the number of rows read
 * @throws pg.DatabaseError for a row that only Postgres could refuse; the signal's reason, if aborted
 */
export async function copyFile(
  { path, name }: SourceFile,
  source: RowSource,
  encoder: RowEncoder,
  problems: ImportProblems,
  options: CopyOptions,
): Promise<number> {
  const before = await stat(path);
  const copy = await options.open();
  let rows: number;
  try {
    rows = await copyRows(copy, source, encoder, problems, options);
    if (options.giveUp && problems.count > 0) await copy.abort();
    else await copy.end();
  } catch (error) {
    await copy.abort();
    throw error;
  }
  const after = await stat(path);
  if (before.size !== after.size || before.mtimeMs !== after.mtimeMs)
    problems.add(name, 'changed while it was read');
  if (rows === 0 && problems.count === 0) problems.add(name, 'contains a header but no rows');
  return rows;
}

async function copyRows(
  copy: CopyIn,
  source: RowSource,
  encoder: RowEncoder,
  problems: ImportProblems,
  { signal, onRows, giveUp = false }: CopyOptions,
): Promise<number> {
  let rows = 0;
  try {
    for await (const batch of source.batches()) {
      signal?.throwIfAborted();
      let lines = '';
      for (const row of batch.rows) lines += encoder.encode(row) ?? '';
      if (giveUp && problems.count > 0) return rows;
      if (lines !== '') await copy.write(lines);
      rows += batch.rows.length;
      onRows(rows, batch.bytes);
    }
  } catch (error) {
    if (!(error instanceof MalformedFile)) throw error;
    problems.add(error.at, error.message, Number.MAX_SAFE_INTEGER);
  }
  return rows;
}
