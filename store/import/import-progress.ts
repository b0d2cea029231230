// How far an import is.
import { type SourceFile } from './source-files.ts';
import type pg from 'pg';
import { type CsvOptions } from './csv/csv-source.ts';
import { type TableNames } from './rows/import-table.ts';
import { type ImportTimes } from './merge-sql.ts';

/** How far an import is. */
export interface ImportProgress {
  readonly file: string;
  /** Whether the rows of the file are being read, or compared with the table and added. */
  readonly step: 'reading' | 'adding';
  /** Rows of that file read so far. */
  readonly rows: number;
  /** Bytes read so far, of all files. */
  readonly bytes: number;
  /** Bytes of all files. */
  readonly totalBytes: number;
  /** Share of the whole work that is done, 0 to 1; adding the rows of a file takes about as long as reading them. */
  readonly share: number;
}

/** Counts the work of the files of one import. */
export class ProgressCounter {
  readonly #tell: ((progress: ImportProgress) => void) | undefined;
  readonly #totalBytes: number;
  #bytesBefore = 0;

  constructor(files: readonly SourceFile[], tell: ((progress: ImportProgress) => void) | undefined) {
    this.#tell = tell;
    this.#totalBytes = files.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Rows of a file were read, up to its byte `bytes`. */
  read({ name }: SourceFile, rows: number, bytes: number): void {
    this.#report(name, 'reading', rows, this.#bytesBefore + bytes, this.#bytesBefore);
  }

  /** Rows of a file were read, up to its byte `bytes`, and added at once. */
  add({ name }: SourceFile, rows: number, bytes: number): void {
    this.#report(name, 'adding', rows, this.#bytesBefore + bytes, this.#bytesBefore + bytes);
  }

  /** A file was read, and its rows are about to be added. */
  compare({ name, bytes }: SourceFile, rows: number): void {
    this.#report(name, 'adding', rows, this.#bytesBefore + bytes, this.#bytesBefore);
  }

  /** Nothing is left to be done for a file. */
  finish({ bytes }: SourceFile): void {
    this.#bytesBefore += bytes;
  }

  #report(file: string, step: ImportProgress['step'], rows: number, bytes: number, added: number): void {
    const share = this.#totalBytes === 0 ? 0 : (bytes + added) / (2 * this.#totalBytes);
    this.#tell?.({ file, step, rows, bytes, totalBytes: this.#totalBytes, share: Math.min(1, share) });
  }
}

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
