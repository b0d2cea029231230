// Encodes the rows of a file as lines of COPY, and checks every cell.
import { type CellCheck, cellCheckFor, rowTimeCheckFor } from './cell-checks.ts';
import { type ImportTable } from './rows/import-table.ts';
import { type ImportProblems, shown } from './problems.ts';
import { type Cell, type RowSource, type SourceRow } from './rows/row-source.ts';

/**
 * Passed in place of a text if the first value of each line is the row's own time, which then occurs twice in the
 * line.
 */
export const OWN_TIME = Symbol('the time of the row');

/** The first value of each line: one text for all lines, encoded for COPY, or each row's own time. */
export type FirstValue = string | typeof OWN_TIME;

/** A column of the table and its position in the file. */
interface EncodedColumn {
  /** Its name in the file. */
  readonly name: string;
  readonly required: boolean;
  readonly check: CellCheck;
  readonly position: number;
}

/** Encodes the rows of one file, and adds invalid rows to the list of problems. */
export class RowEncoder {
  readonly #source: RowSource;
  readonly #columns: readonly EncodedColumn[];
  readonly #problems: ImportProblems;
  readonly #first: FirstValue | undefined;

  private constructor(
    source: RowSource,
    columns: readonly EncodedColumn[],
    problems: ImportProblems,
    first: FirstValue | undefined,
  ) {
    this.#source = source;
    this.#columns = columns;
    this.#problems = problems;
    this.#first = first;
  }

  /**
   * Compares the header with the table, in any order, and returns an encoder.
   *
   * @param first the first value of each line. @default the row's line or row number in the file
   * @returns undefined if a column is missing, unknown or repeated; the problems list the columns
   */
  static fromHeader(
    source: RowSource,
    table: ImportTable,
    problems: ImportProblems,
    first?: FirstValue,
  ): RowEncoder | undefined {
    const before = problems.count;
    const expected = new Set(table.columns.map(({ name, header }) => header ?? name));
    const positions = new Map<string, number>();
    source.header.forEach((name, position) => {
      if (positions.has(name)) problems.add(source.headerAt, `column ${shown(name)} appears twice`);
      else if (!expected.has(name)) problems.add(source.headerAt, extraColumn(name, table));
      positions.set(name, position);
    });
    const columns: EncodedColumn[] = [];
    for (const column of table.columns) {
      const { name, header = name, baseType, required, labels } = column;
      const position = positions.get(header);
      const isTime = name === table.timestamp.name;
      if (position === undefined) {
        problems.add(source.headerAt, isTime ? noTime(header, table) : missing(name, table));
      } else {
        const check = isTime
          ? rowTimeCheckFor(baseType, table.rowTime?.latest)
          : cellCheckFor(baseType, labels ?? undefined);
        columns.push({ name: header, required, check, position });
      }
    }
    return problems.count > before ? undefined : new RowEncoder(source, columns, problems, first);
  }

  /** Returns the row as a line of COPY with the columns in the table's order; undefined if the row is invalid. */
  encode({ at, cells }: SourceRow): string | undefined {
    const { header, emptyIsMissing } = this.#source;
    if (cells.length !== header.length) {
      const values = cells.length === 1 ? 'value' : 'values';
      this.#add(at, undefined, `has ${cells.length} ${values}; the header has ${header.length}`);
      return undefined;
    }
    const values: string[] = [typeof this.#first === 'string' ? this.#first : String(at)];
    let isSound = true;
    for (const column of this.#columns) {
      const cell = cells[column.position] ?? null;
      const value = cell === '' && emptyIsMissing ? null : cell;
      const problem = problemOf(value, column);
      if (problem !== undefined) {
        this.#add(at, column.name, problem);
        isSound = false;
      }
      values.push(value === null ? '\\N' : escaped(value));
    }
    // The time is the last column, and is never missing in a valid row.
    if (this.#first === OWN_TIME) values[0] = values.at(-1) ?? '';
    return isSound ? `${values.join('\t')}\n` : undefined;
  }

  #add(at: number, column: string | undefined, problem: string): void {
    const place = this.#source.place(at);
    this.#problems.add(column === undefined ? place : `${place} ${column}`, problem, at);
  }
}

function problemOf(value: Cell, { required, check }: EncodedColumn): string | undefined {
  if (value === null) return required ? 'is empty, but the table requires a value' : undefined;
  const problem = check(value);
  return problem === undefined ? undefined : `${shown(value)} ${problem}`;
}

const missing = (name: string, table: ImportTable): string =>
  `column ${shown(name)} of table ${table.name} is missing`;

const noTime = (header: string, { timestamp }: ImportTable): string =>
  header === timestamp.name
    ? `there is no column ${shown(header)} with the times of the rows; name another with --as-of-column, or give --as-of if all rows describe the same instant`
    : `column ${shown(header)}, which should contain the times of the rows, is missing`;

/** Returns why a file must not have a column with this name. */
export const setByImport = (name: string): string =>
  `column ${shown(name)} is set by the import; leave it out of the file`;

function extraColumn(name: string, { name: table, columns, timestamp, known }: ImportTable): string {
  if (name === timestamp.name || name === known.name) {
    return setByImport(name);
  }
  const plain = (text: string): string => text.trim().toLowerCase();
  const meant = columns.find((column) => plain(column.name) === plain(name));
  return `column ${shown(name)} is not in table ${table}${meant ? `, which has ${shown(meant.name)}` : ''}`;
}

const SPECIAL = /[\\\t\n\r]/;
const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

const escaped = (value: string): string =>
  SPECIAL.test(value) ? value.replace(/[\\\t\n\r]/g, (character) => escapes[character] ?? character) : value;
