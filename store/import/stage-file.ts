// One file of an import: read, checked, and staged.
import { stat } from 'node:fs/promises';
import type pg from 'pg';
import { type CopyIn } from './copy-in.ts';
import { type ImportTable } from './import-table.ts';
import { type ImportProblems } from './problems.ts';
import { RowEncoder } from './row-encoder.ts';
import { MalformedFile, type RowSource } from './row-source.ts';
import { type SourceFile } from './source-files.ts';
import { openStaging } from './staging.ts';

/** How to stage a file. */
export interface StageOptions {
  readonly signal: AbortSignal | undefined;
  /** Called as rows are read, with the bytes of the file read so far. */
  readonly onRows: (rows: number, bytes: number) => void;
}

/**
 * Stages the rows of a source that are sound; the others become problems, as does a file that is broken further on or
 * changes meanwhile.
 *
 * @returns the number of rows in the file; nothing where its header is not the table's
 * @throws pg.DatabaseError for a value that only Postgres could judge; the reason of the signal once it is aborted
 */
export async function stageFile(
  client: pg.ClientBase,
  { path, name }: SourceFile,
  source: RowSource,
  table: ImportTable,
  problems: ImportProblems,
  options: StageOptions,
): Promise<number | undefined> {
  const encoder = RowEncoder.fromHeader(source, table, problems);
  if (!encoder) return undefined;
  const before = await stat(path);
  const copy = await openStaging(client, table);
  let rows: number;
  try {
    rows = await copyRows(copy, source, encoder, problems, options);
    await copy.end();
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
  { signal, onRows }: StageOptions,
): Promise<number> {
  let rows = 0;
  try {
    for await (const batch of source.batches()) {
      signal?.throwIfAborted();
      let lines = '';
      for (const row of batch.rows) lines += encoder.encode(row) ?? '';
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
