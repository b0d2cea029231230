// Which character keeps the cells of a CSV file apart: the one by which the header names the table's columns.

/** What a delimiter may be without being named. */
export const delimiters = [',', ';', '\t', '|'] as const;

const FIRST_LINE = /^[\r\n]*([^\r\n]*)/;

/**
 * The delimiter by which the first line holds most of the expected names; where they say nothing, the one that occurs
 * most often; a comma in doubt.
 *
 * @example detectDelimiter('user_id;fee\n7;1,5', ['user_id', 'fee'], '"') // ';'
 */
export function detectDelimiter(text: string, expected: Iterable<string>, quote: string | undefined): string {
  const line = FIRST_LINE.exec(text)?.[1] ?? '';
  const names = new Set(expected);
  const candidates = delimiters.filter((delimiter) => delimiter !== quote);
  const scores = candidates.map((delimiter) => {
    const cells = line.split(delimiter);
    const found = cells.filter((cell) => names.has(unquoted(cell, quote)));
    return { delimiter, found: new Set(found).size, cells: cells.length };
  });
  scores.sort((a, b) => b.found - a.found || b.cells - a.cells);
  return scores[0]?.delimiter ?? ',';
}

function unquoted(cell: string, quote: string | undefined): string {
  const isQuoted = quote !== undefined && cell.length > 1 && cell.startsWith(quote) && cell.endsWith(quote);
  return isQuoted ? cell.slice(1, -1).replaceAll(quote + quote, quote) : cell;
}
