// A table in Markdown.

/**
 * Rows under a head; empty where there is no row.
 *
 * @example markdownTable(['slice', 'rows'], [['plan = pro', '12']])
 */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '';
  const line = (cells: readonly string[]): string => `| ${cells.map(escaped).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** A text that stays within its cell or line, and is no HTML. @example escaped('x < 3') // 'x \\< 3' */
export const escaped = (text: string): string =>
  text.replaceAll(/[|<]/g, '\\$&').replaceAll(/\s*[\r\n]+\s*/g, ' ');
