// Values with their intervals on one axis, one row each.
import { type Bounded, fixed } from '../format.ts';
import { html, type Html } from '../html.ts';
import { scaleOf, tenth, ticks } from './scale.ts';

/** A row: what is measured now, what it is compared with, or a range without a value of its own. */
export interface IntervalRow extends Bounded {
  readonly label: string;
  readonly kind: 'now' | 'before' | 'band';
}

const WIDTH = 400;
const LEFT = 84;
const RIGHT = 12;
const ROW = 36;

/** Draws intervals; the range of the axis contains them all. */
export function intervals(rows: readonly IntervalRow[], measure: string): Html {
  const [least, greatest] = [
    Math.min(...rows.map(({ low }) => low)),
    Math.max(...rows.map(({ high }) => high)),
  ];
  const margin = Math.max(0.005, (greatest - least) * 0.12);
  const x = scaleOf(least - margin, greatest + margin, LEFT, WIDTH - RIGHT);
  const foot = rows.length * ROW + 6;
  const marks = ticks(least - margin, greatest + margin, 4);
  const texts = fixed(marks, [], 1);
  return html`<svg
    class="chart"
    viewBox="0 0 ${WIDTH} ${foot + 20}"
    role="img"
    aria-label="${describe(rows, measure)}"
  >
    ${marks.map(
      (mark, at) =>
        html`<line class="grid" x1="${x(mark)}" x2="${x(mark)}" y1="4" y2="${foot}" /><text
            class="mid"
            x="${x(mark)}"
            y="${foot + 15}"
            >${texts[at]}</text
          >`,
    )}${rows.map((row, at) => drawn(row, 4 + at * ROW + ROW / 2, x))}
  </svg>`;
}

function drawn(
  { label, kind, value, low, high }: IntervalRow,
  y: number,
  x: (value: number) => number,
): Html {
  const name = html`<text class="ink" x="0" y="${y + 4}">${label}</text>`;
  if (kind === 'band')
    return html`${name}<rect
        class="band"
        x="${x(low)}"
        y="${y - 8}"
        width="${tenth(Math.max(2, x(high) - x(low)))}"
        height="16"
      />`;
  const [line, dot] = kind === 'now' ? ['ci', 'dot'] : ['ci before', 'dot before'];
  return html`${name}<line class="${line}" x1="${x(low)}" x2="${x(high)}" y1="${y}" y2="${y}" /><circle
      class="${dot}"
      cx="${x(value)}"
      cy="${y}"
      r="5"
    />`;
}

const describe = (rows: readonly IntervalRow[], measure: string): string =>
  rows
    .map(({ label, kind, value, low, high }) => {
      const [middle, from, to] = fixed([value, low, high]);
      return kind === 'band'
        ? `${label} ${from} to ${to}`
        : `${measure} of ${label} ${middle}, ${from} to ${to}`;
    })
    .join('; ');

/** One difference with its interval, around a line at zero, for a cell of a table. */
export function differenceCell({ value, low, high }: Bounded, reach: number): Html {
  const [width, height] = [140, 20];
  const x = scaleOf(-reach, reach, 2, width - 2);
  const clipped = (at: number): number => Math.min(width - 2, Math.max(2, x(at)));
  const tone = high < 0 ? ' off' : '';
  return html`<svg
    class="diff"
    width="${width}"
    height="${height}"
    viewBox="0 0 ${width} ${height}"
    aria-hidden="true"
  >
    <line class="zero" x1="${x(0)}" x2="${x(0)}" y1="0" y2="${height}" />
    <line class="ci${tone}" x1="${clipped(low)}" x2="${clipped(high)}" y1="10" y2="10" />
    <circle class="dot${tone}" cx="${clipped(value)}" cy="10" r="4" />
  </svg>`;
}

/** How large an effect is against the threshold at which it counts, for a cell of a table. */
export function effectCell(effect: number, threshold: number): Html {
  const [width, height] = [96, 14];
  const x = scaleOf(0, Math.max(2 * threshold, Math.min(effect, 4 * threshold)) * 1.05, 0, width);
  const end = Math.min(width, x(effect));
  return html`<svg
    class="effect"
    width="${width}"
    height="${height}"
    viewBox="0 0 ${width} ${height}"
    aria-hidden="true"
  >
    <rect class="track" x="0" y="4" width="${width}" height="6" />
    <rect class="${effect >= threshold ? 'bar off' : 'bar'}" x="0" y="4" width="${end}" height="6" />
    <line class="bound" x1="${x(threshold)}" x2="${x(threshold)}" y1="0" y2="${height}" />
  </svg>`;
}
