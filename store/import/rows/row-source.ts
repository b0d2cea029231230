// A file as rows of cells, independent of its format.

/** The text of a cell as Postgres accepts it; null if there is no value. */
export type Cell = string | null;

/** One row of a file. */
export interface SourceRow {
  /** The line of a CSV file at which the row begins, or the row number in a Parquet file, from 1. */
  readonly at: number;
  readonly cells: readonly Cell[];
}

/** Rows that were read together. */
export interface Batch {
  readonly rows: readonly SourceRow[];
  /** Bytes of the file read so far. */
  readonly bytes: number;
}

/** An open file with known columns, whose rows can be read. */
export interface RowSource {
  /** Names of the columns, in the order of the cells. */
  readonly header: readonly string[];
  /** Types of the columns as Postgres spells them, if the file declares them. @default no types are declared */
  readonly types?: readonly (string | undefined)[];
  /** The place of the header for messages: `users.csv:1`. */
  readonly headerAt: string;
  /** Whether an empty cell is a missing value. */
  readonly emptyIsMissing: boolean;
  /** What was assumed about the file, so that the user can check it. */
  readonly assumed: string | undefined;
  /** Returns the place of a row for messages: `users.csv:17`, `users.parquet row 16`. */
  place(at: number): string;
  /** Reads the rows in order, once. @throws MalformedFile after the batches before the malformed place */
  batches(): AsyncIterable<Batch>;
  /** Closes the file, even if it was not read to its end. */
  close(): Promise<void>;
}

/** Thrown if a file is malformed; the rows after the malformed place cannot be read. */
export class MalformedFile extends Error {
  /** The place for messages: `users.csv:3`. */
  readonly at: string;

  constructor(at: string, problem: string, cause?: unknown) {
    super(problem, { cause });
    this.name = 'MalformedFile';
    this.at = at;
  }
}
