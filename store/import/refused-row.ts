// Finds the reason and the place in the file of a row that Postgres refused.
import pg from 'pg';
import { type ImportTable } from './rows/import-table.ts';
import { ImportProblems } from './problems.ts';
import { RowEncoder } from './row-encoder.ts';
import { type RowSource } from './rows/row-source.ts';

/** A value that is invalid for its column, or a row that violates a constraint of the table. */
export interface Refusal {
  readonly problem: string;
  /** Line and column, if the error names them. COPY counts the lines that were sent to it. */
  readonly copied: { readonly line: number; readonly column: string | undefined } | undefined;
}

const OF_THE_DATA = /^(22|23|P0)/;
const COPIED = /^COPY [^,]+, line (\d+)(?:, column ([^:]+))?/;

/** Returns the refusal that an error reports; undefined if the error is not about the data. */
export function refusalOf(error: unknown): Refusal | undefined {
  if (!(error instanceof pg.DatabaseError) || !OF_THE_DATA.test(error.code ?? '')) return undefined;
  const [, line, column] = COPIED.exec(error.where ?? '') ?? [];
  return {
    problem: [error.message, error.detail].filter(Boolean).join('; '),
    copied: line === undefined ? undefined : { line: Number(line), column },
  };
}

/** Returns the line or row, in a file that was opened again, of the row that was sent as line number `line`. */
export async function placeOfCopied(
  source: RowSource,
  table: ImportTable,
  line: number,
): Promise<number | undefined> {
  const encoder = RowEncoder.fromHeader(source, table, new ImportProblems());
  let sent = 0;
  for await (const { rows } of source.batches()) {
    for (const row of rows) {
      if (encoder?.encode(row) !== undefined) sent += 1;
      if (sent === line) return row.at;
    }
  }
  return undefined;
}
