// Text tables: columns aligned, numbers to the right.

/** A cell; null and undefined are shown as a dash. */
export type Cell = string | number | null | undefined;

/** A table with one row a record. */
export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

const DASH = '–';
const GAP = '  ';

/**
 * A table as lines. A column whose cells are all numbers or dashes is aligned to the right.
 *
 * @example tableLines({ head: ['version', 'stage'], rows: [[2, 'Staging']] })
 * // ['version  stage', '      2  Staging']
 */
export function tableLines({ head, rows }: Table): string[] {
  const texts = rows.map((row) => head.map((_, column) => textOf(row[column])));
  const widths = head.map((title, column) =>
    Math.max(widthOf(title), ...texts.map((row) => widthOf(row[column] ?? ''))),
  );
  const isRight = head.map((_, column) => rows.length > 0 && rows.every((row) => isNumeric(row[column])));
  return [head, ...texts].map((row) => {
    const cells = row.map((text, column) => {
      const space = ' '.repeat((widths[column] ?? 0) - widthOf(text));
      return isRight[column] ? space + text : text + space;
    });
    return cells.join(GAP).trimEnd();
  });
}

const textOf = (cell: Cell): string =>
  cell === null || cell === undefined || cell === '' ? DASH : String(cell);

const isNumeric = (cell: Cell): boolean =>
  cell === null ||
  cell === undefined ||
  typeof cell === 'number' ||
  /^[<−+-]?[\d.,]+(e-?\d+)?( %)?$/.test(cell);

const widthOf = (text: string): number => [...text].length;
