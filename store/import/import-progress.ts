// Counts and reports the progress of an import.
import { type SourceFile } from './source-files.ts';
import type pg from 'pg';
import { type CsvOptions } from './csv/csv-source.ts';
import { type TableNames } from './rows/import-table.ts';
import { type ImportTimes } from './merge-sql.ts';

/** The progress of an import. */
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
  /**
   * Share of the whole work that is done, 0 to 1. Reading the rows of a file counts as half of the file's work, and adding
   * them to the table as the other half.
   */
  readonly share: number;
}

/** Counts the work of the files of one import. */
export class ProgressCounter {
  readonly #onProgress: ((progress: ImportProgress) => void) | undefined;
  readonly #totalBytes: number;
  #bytesBefore = 0;

  constructor(files: readonly SourceFile[], onProgress: ((progress: ImportProgress) => void) | undefined) {
    this.#onProgress = onProgress;
    this.#totalBytes = files.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Reports that rows of a file were read, up to byte `bytes` of the file. */
  read({ name }: SourceFile, rows: number, bytes: number): void {
    this.#report(name, 'reading', rows, this.#bytesBefore + bytes, this.#bytesBefore);
  }

  /** Reports that rows of a file were read and added in one step, up to byte `bytes` of the file. */
  add({ name }: SourceFile, rows: number, bytes: number): void {
    this.#report(name, 'adding', rows, this.#bytesBefore + bytes, this.#bytesBefore + bytes);
  }

  /** Reports that a file was read completely and its rows are about to be added. */
  compare({ name, bytes }: SourceFile, rows: number): void {
    this.#report(name, 'adding', rows, this.#bytesBefore + bytes, this.#bytesBefore);
  }

  /** Records that a file is done. */
  finish({ bytes }: SourceFile): void {
    this.#bytesBefore += bytes;
  }

  #report(file: string, step: ImportProgress['step'], rows: number, bytes: number, added: number): void {
    const share = this.#totalBytes === 0 ? 0 : (bytes + added) / (2 * this.#totalBytes);
    this.#onProgress?.({ file, step, rows, bytes, totalBytes: this.#totalBytes, share: Math.min(1, share) });
  }
}

/** A running import: its transaction and its options. */
export interface ImportRun {
  /** In a transaction. */
  readonly client: pg.ClientBase;
  /** Returns where the table of a file is, and which of its columns the import sets. */
  readonly namesOf: (file: SourceFile) => TableNames;
  readonly times: ImportTimes;
  /** The format of the CSV files. */
  readonly csv: CsvOptions;
  readonly progress: ProgressCounter;
  readonly signal: AbortSignal | undefined;
}
