// Turns the records of a file into lines of COPY, checking every cell on the way.
import { type CellCheck, cellCheckFor } from './cell-checks.ts';
import { type CsvRecord } from './csv-records.ts';
import { type ImportTable } from './import-table.ts';
import { type ImportProblems, shown } from './problems.ts';

/** A column of the table and where the file has it. */
interface EncodedColumn {
  readonly name: string;
  readonly required: boolean;
  readonly check: CellCheck;
  readonly position: number;
}

/** Encodes the records of one file; what is wrong with them goes to the list of problems. */
export class RowEncoder {
  readonly #file: string;
  readonly #columns: readonly EncodedColumn[];
  readonly #width: number;
  readonly #problems: ImportProblems;

  private constructor(
    file: string,
    columns: readonly EncodedColumn[],
    width: number,
    problems: ImportProblems,
  ) {
    this.#file = file;
    this.#columns = columns;
    this.#width = width;
    this.#problems = problems;
  }

  /**
   * Reads the header, whose names may come in any order.
   *
   * @returns nothing where a column is missing, extra or named twice; the problems say which
   */
  static fromHeader(
    file: string,
    header: CsvRecord,
    table: ImportTable,
    problems: ImportProblems,
  ): RowEncoder | undefined {
    const before = problems.count;
    const { cells, line } = header;
    const at = `${file}:${line}`;
    if (header.mangled && cells.some((name) => name.includes('\ufffd'))) {
      problems.add(at, 'the header is not UTF-8 text');
      return undefined;
    }
    const expected = new Set(table.columns.map(({ name }) => name));
    cells.forEach((name, position) => {
      if (cells.indexOf(name) < position) problems.add(at, `column ${shown(name)} appears twice`);
      else if (!expected.has(name)) problems.add(at, extraColumn(name, table));
    });
    for (const name of expected) {
      if (!cells.includes(name)) problems.add(at, `column ${shown(name)} of table ${table.name} is missing`);
    }
    if (problems.count > before) return undefined;
    const columns = table.columns.map(({ name, type, required }) => ({
      name,
      required,
      check: cellCheckFor(type),
      position: cells.indexOf(name),
    }));
    return new RowEncoder(file, columns, cells.length, problems);
  }

  /** The record as a line of COPY, its own line number first; nothing where a cell is wrong. */
  encode({ line, cells, mangled }: CsvRecord): string | undefined {
    if (cells.length !== this.#width) {
      this.#problems.add(
        `${this.#file}:${line}`,
        `has ${cells.length} values; the header has ${this.#width}`,
      );
      return undefined;
    }
    let encoded: string | undefined = String(line);
    for (const column of this.#columns) {
      const cell = cells[column.position] ?? '';
      const problem = problemOf(cell, column, mangled);
      if (problem !== undefined) {
        this.#problems.add(`${this.#file}:${line} ${column.name}`, problem);
        encoded = undefined;
      }
      if (encoded !== undefined) encoded += cell === '' ? '\t\\N' : `\t${escaped(cell)}`;
    }
    return encoded === undefined ? undefined : `${encoded}\n`;
  }
}

function problemOf(cell: string, { required, check }: EncodedColumn, mangled: boolean): string | undefined {
  if (cell === '') return required ? 'is empty, but the table requires a value' : undefined;
  if (mangled && cell.includes('\ufffd')) return `${shown(cell)} holds bytes that are not UTF-8`;
  const problem = check(cell);
  return problem === undefined ? undefined : `${shown(cell)} ${problem}`;
}

function extraColumn(name: string, { name: table, timestamp, known }: ImportTable): string {
  if (name === timestamp.name || name === known.name) {
    return `column ${shown(name)} is set by the import; leave it out of the file`;
  }
  return `column ${shown(name)} is not in table ${table}`;
}

const SPECIAL = /[\\\t\n\r]/;
const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

const escaped = (cell: string): string =>
  SPECIAL.test(cell) ? cell.replace(/[\\\t\n\r]/g, (character) => escapes[character] ?? character) : cell;
