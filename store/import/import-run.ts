// What the files of one import share.
import type pg from 'pg';
import { type CsvOptions } from './csv/csv-source.ts';
import { type ProgressCounter } from './import-progress.ts';
import { type TableNames } from './import-table.ts';
import { type ImportTimes } from './merge-staged.ts';
import { type SourceFile } from './source-files.ts';

/** One import under way: a transaction, and what was asked for. */
export interface ImportRun {
  /** Inside a transaction. */
  readonly client: pg.ClientBase;
  /** Where the table of a file is, and which of its columns the import sets. */
  readonly namesOf: (file: SourceFile) => TableNames;
  readonly times: ImportTimes;
  /** How the CSV files are written, as far as it is named. */
  readonly csv: CsvOptions;
  readonly progress: ProgressCounter;
  readonly signal: AbortSignal | undefined;
}
