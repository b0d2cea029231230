// Reads rows whose cells are texts, as in CSV: each text is converted by the type that the definition declares.
import { TidegateError } from '../../domain/errors.ts';
import { excerpt } from '../../domain/excerpt.ts';
import { type SourceColumn } from '../../domain/model/define-model.ts';
import { type ColumnSpec } from '../../domain/model/parts/column.ts';
import { CsvSplitter } from '../../store/import/csv/csv-splitter.ts';
import { checkRows, type RequestTable } from './request-table.ts';

/** A cell; null means that the value is missing. */
type Cell = string | null;

/** Names of the columns to read, and what they contain. */
export interface WantedColumns {
  readonly inputs: readonly SourceColumn[];
  /** Key columns of the entity, whose texts stay as they are. */
  readonly keys: readonly string[];
}

/**
 * Reads CSV with a header, as `DataFrame.to_csv` writes it: separated by commas, and an empty cell is a missing value.
 *
 * @throws TidegateError INVALID_REQUEST naming the line that is not CSV
 */
export function readCsv(text: string, wanted: WantedColumns): RequestTable {
  const splitter = new CsvSplitter({ delimiter: ',', quote: '"' });
  const rows = splitter.push(text, true);
  if (splitter.broken) throw notCsv(splitter.broken.line, splitter.broken.problem);
  const [header, ...records] = rows;
  if (!header) throw notCsv(1, 'the body is empty');
  for (const { at, cells } of records) {
    if (cells.length !== header.cells.length)
      throw notCsv(at, `it has ${cells.length} values, but the header has ${header.cells.length}`);
  }
  return tableOfCells(
    header.cells as string[],
    records.map(({ cells }) => cells.map((cell) => (cell === '' ? null : cell))),
    wanted,
  );
}

const notCsv = (line: number, problem: string): TidegateError =>
  new TidegateError('INVALID_REQUEST', `line ${line} of the CSV: ${problem}`, {
    remedy:
      'Send a header and rows, separated by commas, as pandas.DataFrame.to_csv(index=False) writes them.',
  });

/**
 * Converts rows of texts to columns. Columns that are not wanted are ignored. A text that does not have the type of its column
 * stays a text, and is refused with the other values of its row.
 *
 * @throws TidegateError INVALID_REQUEST if a column appears twice, or if there are too many rows
 */
export function tableOfCells(
  header: readonly string[],
  rows: readonly (readonly Cell[])[],
  { inputs, keys }: WantedColumns,
): RequestTable {
  checkRows(rows.length);
  const specs = new Map(inputs.map(({ name, spec }) => [name, spec]));
  const columns = new Map<string, unknown[]>();
  header.forEach((name, place) => {
    const spec = specs.get(name);
    if (!spec && !keys.includes(name)) return;
    if (columns.has(name))
      throw new TidegateError('INVALID_REQUEST', `the column ${excerpt(name)} appears twice`);
    columns.set(
      name,
      rows.map((row) => {
        const cell = row[place] ?? null;
        return cell === null || !spec ? cell : valueOf(spec, cell);
      }),
    );
  });
  return { rows: rows.length, columns };
}

const NUMBER = /^\s*[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?\s*$/i;
const NOT_A_NUMBER = new Set(['nan', 'na', 'n/a', 'null', 'none', '<na>']);
const FLAGS: Readonly<Record<string, boolean>> = {
  true: true,
  false: false,
  '1': true,
  '0': false,
  '1.0': true,
  '0.0': false,
};

function valueOf({ type }: ColumnSpec, text: string): unknown {
  if (type === 'category' || type === 'instant') return text;
  const word = text.trim().toLowerCase();
  if (NOT_A_NUMBER.has(word)) return null;
  if (type === 'flag') return Object.hasOwn(FLAGS, word) ? FLAGS[word] : text;
  return NUMBER.test(text) ? Number(text) : text;
}
