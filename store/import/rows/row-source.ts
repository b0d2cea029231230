// A file as rows of cells, whatever its format.

/** The text of a cell as Postgres takes it; null where there is no value. */
export type Cell = string | null;

/** One row of a file. */
export interface SourceRow {
  /** Where it begins: the line of a CSV file, the row of a Parquet file, from 1. */
  readonly at: number;
  readonly cells: readonly Cell[];
}

/** Rows that were read together. */
export interface Batch {
  readonly rows: readonly SourceRow[];
  /** Bytes of the file read so far. */
  readonly bytes: number;
}

/** A file whose columns are known and whose rows can be read. */
export interface RowSource {
  /** Names of the columns in the order of the cells. */
  readonly header: readonly string[];
  /** Types of the columns as Postgres spells them, where the file declares them. @default none is declared */
  readonly types?: readonly (string | undefined)[];
  /** Where the header stands, as messages name it: `users.csv:1`. */
  readonly headerAt: string;
  /** Whether a cell without text has no value. */
  readonly emptyIsMissing: boolean;
  /** What was taken for granted about the file, for whoever imports it to judge. */
  readonly assumed: string | undefined;
  /** Where a row stands, as messages name it: `users.csv:17`, `users.parquet row 16`. */
  place(at: number): string;
  /** Reads the rows in order, once. @throws MalformedFile after the batches before the place that is broken */
  batches(): AsyncIterable<Batch>;
  /** Lets go of the file, read to its end or not. */
  close(): Promise<void>;
}

/** A file that cannot be read on as what it is taken for. */
export class MalformedFile extends Error {
  /** Where, as messages name it: `users.csv:3`. */
  readonly at: string;

  constructor(at: string, problem: string, cause?: unknown) {
    super(problem, { cause });
    this.name = 'MalformedFile';
    this.at = at;
  }
}
