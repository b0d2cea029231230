// The rows of one file on their way to Postgres: read, checked, encoded, sent.
import { stat } from 'node:fs/promises';
import { type CopyIn } from '../postgres/copy-in.ts';
import { type ImportProblems } from './problems.ts';
import { type RowEncoder } from './row-encoder.ts';
import { MalformedFile, type RowSource } from './rows/row-source.ts';
import { type SourceFile } from './source-files.ts';

/** How to copy a file. */
export interface CopyOptions {
  /** Opens the COPY that takes the encoder's lines. */
  readonly open: () => Promise<CopyIn>;
  readonly signal: AbortSignal | undefined;
  /** Called as rows are read, with the bytes of the file read so far. */
  readonly onRows: (rows: number, bytes: number) => void;
  /** Whether to stop at the first problem, as where a single one spoils the rest. @default false */
  readonly giveUp?: boolean;
}

/**
 * Copies the rows of a source that are sound; the others become problems, as does a file that is broken further on,
 * holds no row, or changes meanwhile.
 *
 * @returns the number of rows that were read
 * @throws pg.DatabaseError for a row that only Postgres could judge; the reason of the signal once it is aborted
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
  if (rows === 0 && problems.count === 0) problems.add(name, 'holds a header but no rows');
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
