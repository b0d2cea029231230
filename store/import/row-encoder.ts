// Turns the rows of a file into lines of COPY, checking every cell on the way.
import { type CellCheck, cellCheckFor, rowTimeCheckFor } from './cell-checks.ts';
import { type ImportTable } from './rows/import-table.ts';
import { type ImportProblems, shown } from './problems.ts';
import { type Cell, type RowSource, type SourceRow } from './rows/row-source.ts';

/** Stands for the row's own time where something is wanted once more at the beginning of a line. */
export const OWN_TIME = Symbol('the time of the row');

/** What the lines of a file begin with: a value for all, encoded for COPY, or the time of each. */
export type FirstValue = string | typeof OWN_TIME;

/** A column of the table and where the file has it. */
interface EncodedColumn {
  /** What the file calls it. */
  readonly name: string;
  readonly required: boolean;
  readonly check: CellCheck;
  readonly position: number;
}

/** Encodes the rows of one file; what is wrong with them goes to the list of problems. */
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
   * Compares the header with the table; the names may come in any order.
   *
   * @param first what each line begins with. @default the row's place in the file
   * @returns nothing where a column is missing, extra or named twice; the problems say which
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

  /** The row as a line of COPY, its columns in the table's order; nothing where a cell is wrong. */
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
    // The time is the last column, and never missing in a sound row.
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
    ? `no column ${shown(header)} gives the rows their times; name another with --as-of-column, or give --as-of if all rows speak about one instant`
    : `column ${shown(header)}, which is to give the rows their times, is missing`;

/** Why a file may not have a column of this name. */
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
