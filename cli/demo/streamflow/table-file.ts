// One CSV file under way.
import { type FileHandle, open } from 'node:fs/promises';
import { type Column, headerOf, lineOf } from './csv-tables.ts';
import { type Snapshot } from './month.ts';

/** A file of one table: lines are gathered by `add` and written by `flush`. */
export class TableFile {
  readonly #handle: FileHandle;
  readonly #columns: readonly Column[];
  #pending: string;

  private constructor(handle: FileHandle, columns: readonly Column[]) {
    this.#handle = handle;
    this.#columns = columns;
    this.#pending = headerOf(columns);
  }

  /** Creates the file, or empties it. */
  static async create(path: string, columns: readonly Column[]): Promise<TableFile> {
    return new TableFile(await open(path, 'w'), columns);
  }

  add(snapshot: Snapshot): void {
    this.#pending += lineOf(this.#columns, snapshot);
  }

  async flush(): Promise<void> {
    const lines = this.#pending;
    this.#pending = '';
    await this.#handle.appendFile(lines);
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}
