// A table in Markdown.

/**
 * Rows under a head; empty where there is no row. Bars and line breaks in cells, which would end them, are taken out.
 *
 * @example markdownTable(['slice', 'rows'], [['plan = pro', '12']])
 */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '';
  const line = (cells: readonly string[]): string => `| ${cells.map(escaped).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

const escaped = (cell: string): string => cell.replaceAll('|', '\\|').replaceAll(/\s*[\r\n]+\s*/g, ' ');
