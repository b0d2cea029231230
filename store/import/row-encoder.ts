// Turns the rows of a file into lines of COPY, checking every cell on the way.
import { type CellCheck, cellCheckFor } from './cell-checks.ts';
import { type ImportTable } from './import-table.ts';
import { type ImportProblems, shown } from './problems.ts';
import { type Cell, type RowSource, type SourceRow } from './row-source.ts';

/** A column of the table and where the file has it. */
interface EncodedColumn {
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
  readonly #first: string | undefined;

  private constructor(
    source: RowSource,
    columns: readonly EncodedColumn[],
    problems: ImportProblems,
    first: string | undefined,
  ) {
    this.#source = source;
    this.#columns = columns;
    this.#problems = problems;
    this.#first = first;
  }

  /**
   * Compares the header with the table; the names may come in any order.
   *
   * @param first what each line begins with, encoded for COPY. @default the row's place in the file
   * @returns nothing where a column is missing, extra or named twice; the problems say which
   */
  static fromHeader(
    source: RowSource,
    table: ImportTable,
    problems: ImportProblems,
    first?: string,
  ): RowEncoder | undefined {
    const before = problems.count;
    const expected = new Set(table.columns.map(({ name }) => name));
    const positions = new Map<string, number>();
    source.header.forEach((name, position) => {
      if (positions.has(name)) problems.add(source.headerAt, `column ${shown(name)} appears twice`);
      else if (!expected.has(name)) problems.add(source.headerAt, extraColumn(name, table));
      positions.set(name, position);
    });
    const columns: EncodedColumn[] = [];
    for (const { name, baseType, required, labels } of table.columns) {
      const position = positions.get(name);
      if (position === undefined) {
        problems.add(source.headerAt, `column ${shown(name)} of table ${table.name} is missing`);
      } else {
        columns.push({ name, required, check: cellCheckFor(baseType, labels ?? undefined), position });
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
    const values: string[] = [this.#first ?? String(at)];
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

function extraColumn(name: string, { name: table, columns, timestamp, known }: ImportTable): string {
  if (name === timestamp.name || name === known.name) {
    return `column ${shown(name)} is set by the import; leave it out of the file`;
  }
  const plain = (text: string): string => text.trim().toLowerCase();
  const meant = columns.find((column) => plain(column.name) === plain(name));
  return `column ${shown(name)} is not in table ${table}${meant ? `, which has ${shown(meant.name)}` : ''}`;
}

const SPECIAL = /[\\\t\n\r]/;
const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

const escaped = (value: string): string =>
  SPECIAL.test(value) ? value.replace(/[\\\t\n\r]/g, (character) => escapes[character] ?? character) : value;
