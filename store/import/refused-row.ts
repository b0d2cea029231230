// What Postgres says of a row that it refused, at the row's place in the file.
import pg from 'pg';
import { type ImportTable } from './rows/import-table.ts';
import { ImportProblems } from './problems.ts';
import { RowEncoder } from './row-encoder.ts';
import { type RowSource } from './rows/row-source.ts';

/** A value that is no value of its column, or a row that the table's constraints refuse. */
export interface Refusal {
  readonly problem: string;
  /** Row and column, where COPY names them; it counts the rows that were sent to it. */
  readonly copied: { readonly line: number; readonly column: string | undefined } | undefined;
}

const OF_THE_DATA = /^(22|23|P0)/;
const COPIED = /^COPY [^,]+, line (\d+)(?:, column ([^:]+))?/;

/** What an error says about the data; nothing where it says something else. */
export function refusalOf(error: unknown): Refusal | undefined {
  if (!(error instanceof pg.DatabaseError) || !OF_THE_DATA.test(error.code ?? '')) return undefined;
  const [, line, column] = COPIED.exec(error.where ?? '') ?? [];
  return {
    problem: [error.message, error.detail].filter(Boolean).join('; '),
    copied: line === undefined ? undefined : { line: Number(line), column },
  };
}

/** Where in a file, opened anew, the row stands that was the `line`th to be sent. */
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
