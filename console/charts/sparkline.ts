// A measure over the last windows in the height of a line of text, with the band that the champion promised.
import { three } from '../format.ts';
import { html, type Html, nothing } from '../html.ts';
import { pointsOf, scaleOf } from './scale.ts';

/** One window; the value is null if it was not measured. */
export interface SparkPoint {
  readonly value: number | null;
  /** What the champion of the window promised; null if nothing was promised. */
  readonly band: { readonly low: number; readonly high: number } | null;
}

const WIDTH = 132;
const HEIGHT = 30;
const EDGE = 4;

/**
 * Draws a sparkline, oldest window first. The newest value has a dot, which is hollow if it is below the band.
 *
 * @param measure for the description. @example sparkline(points, 'AUC')
 */
export function sparkline(points: readonly SparkPoint[], measure: string): Html {
  const measured = points.flatMap(({ value }, at) => (value === null ? [] : [{ at, value }]));
  if (measured.length === 0) return nothing;
  const levels = [
    ...measured.map(({ value }) => value),
    ...points.flatMap(({ band }) => (band ? [band.low, band.high] : [])),
  ];
  const x = scaleOf(0, Math.max(1, points.length - 1), EDGE, WIDTH - EDGE);
  const y = scaleOf(Math.min(...levels), Math.max(...levels), HEIGHT - EDGE, EDGE);
  const place = (at: number): number => (points.length === 1 ? WIDTH - EDGE : x(at));
  const newest = measured.at(-1)!;
  const band = points[newest.at]!.band;
  const isBelow = band !== null && newest.value < band.low;
  const line = measured.map(({ at, value }): [number, number] => [place(at), y(value)]);
  return html`<svg
    class="spark"
    width="${WIDTH}"
    height="${HEIGHT}"
    viewBox="0 0 ${WIDTH} ${HEIGHT}"
    role="img"
    aria-label="${describe(measured, measure, band)}"
  >
    ${bands(points).map(({ from, to, low, high }) => {
      const [left, right] = [
        from === 0 ? 0 : place(from - 0.5),
        to === points.length - 1 ? WIDTH : place(to + 0.5),
      ];
      return html`<rect
        class="band"
        x="${left}"
        y="${y(high)}"
        width="${right - left}"
        height="${Math.max(1.5, y(low) - y(high))}"
      />`;
    })}${line.length > 1 && html`<polyline class="now" points="${pointsOf(line)}" />`}
    <circle class="${isBelow ? 'dot off' : 'dot'}" cx="${place(newest.at)}" cy="${y(newest.value)}" r="3" />
  </svg>`;
}

/** Runs of windows with the same band. */
function bands(points: readonly SparkPoint[]) {
  const runs: { from: number; to: number; low: number; high: number }[] = [];
  points.forEach(({ band }, at) => {
    if (!band) return;
    const last = runs.at(-1);
    if (last && last.to === at - 1 && last.low === band.low && last.high === band.high) last.to = at;
    else runs.push({ from: at, to: at, low: band.low, high: band.high });
  });
  return runs;
}

function describe(
  measured: readonly { readonly value: number }[],
  measure: string,
  band: SparkPoint['band'],
): string {
  const promised = band ? `; promised ${three(band.low)} to ${three(band.high)}` : '';
  const before = measured.slice(-6, -1).map(({ value }) => three(value));
  const newest = three(measured.at(-1)!.value);
  return `${measure} ${newest}${promised}${before.length > 0 ? `; before: ${before.join(', ')}` : ''}`;
}
