// Two distributions over each other: the reference as bars, the window as a line.
import { percent, rounded } from '../format.ts';
import { html, type Html } from '../html.ts';
import { scaleOf, tenth } from './scale.ts';

/** Shares of the rows in each cell. */
export interface Distribution {
  /** For a number the lower ends of the cells; for a category its values. */
  readonly cells: readonly (number | string)[];
  readonly reference: readonly number[];
  readonly window: readonly number[];
}

/**
 * Draws a distribution.
 *
 * @param size `row` in the height of a table row without words; `full` with the names of its ends below it
 */
export function distribution(
  { cells, reference, window }: Distribution,
  { size, name }: { readonly size: 'row' | 'full'; readonly name: string },
): Html {
  const [width, height, foot] = size === 'row' ? [150, 34, 0] : [320, 120, 18];
  const isNumber = typeof cells[0] === 'number';
  const gap = isNumber ? (size === 'row' ? 0.8 : 1) : size === 'row' ? 3 : 6;
  const step = width / Math.max(1, cells.length);
  const y = scaleOf(0, Math.max(...reference, ...window, 1e-9), height - 1, 2);
  const place = (at: number): number => tenth(at * step);
  // One path for all bars, and one for the line: a report may have a thousand of these pictures.
  const bars = reference
    .map((share, at) =>
      share > 0 ? `M${place(at)} ${height}V${y(share)}h${tenth(step - gap)}V${height}z` : '',
    )
    .join('');
  const line = window
    .map((share, at) => {
      // Categories have no order, so their levels are not joined to one line.
      const start = at === 0 || !isNumber ? `M${place(at)} ${y(share)}` : `V${y(share)}`;
      return `${start}H${tenth((at + 1) * step - (isNumber ? 0 : gap))}`;
    })
    .join('');
  const now = html`<path class="now" d="${line}" />`;
  return html`<svg
    class="${size === 'row' ? 'dist' : 'chart'}"
    ${size === 'row' ? html`width="${width}" height="${height + foot}"` : ''}
    viewBox="0 0 ${width} ${height + foot}"
    role="img"
    aria-label="${describe({ cells, reference, window }, name)}"
  >
    <path class="ref" d="${bars}" />
    <line class="axis" x1="0" x2="${width}" y1="${height}" y2="${height}" />
    ${now}${size === 'full' && labels(cells, width, height + 14, step)}
  </svg>`;
}

function labels(cells: Distribution['cells'], width: number, y: number, step: number): Html {
  const [first, last] = [cells[0], cells.at(-1)];
  if (typeof first === 'number' && typeof last === 'number') {
    const high = last + (last - first) / Math.max(1, cells.length - 1);
    return html`<text x="0" y="${y}">${rounded(first)}</text
      ><text class="mid" x="${width / 2}" y="${y}">${rounded((first + high) / 2)}</text
      ><text class="end" x="${width}" y="${y}">${rounded(high)}</text>`;
  }
  const room = Math.max(2, Math.floor(step / 7));
  return html`${cells.map((cell, at) => html`<text x="${tenth(at * step)}" y="${y}">${shortened(String(cell), room)}</text>`)}`;
}

const shortened = (text: string, room: number): string =>
  text.length <= room ? text : `${text.slice(0, Math.max(1, room - 1))}…`;

function describe({ cells, reference, window }: Distribution, name: string): string {
  const moved = cells
    .map((cell, at) => ({ cell, from: reference[at] ?? 0, to: window[at] ?? 0 }))
    .sort((a, b) => Math.abs(b.to - b.from) - Math.abs(a.to - a.from))[0];
  if (!moved) return `${name}: no distribution`;
  const cell = typeof moved.cell === 'number' ? `from ${rounded(moved.cell)}` : moved.cell;
  return `${name}: reference as bars, window as a line; largest change in the cell ${cell}: ${percent(moved.from)} to ${percent(moved.to)}`;
}
