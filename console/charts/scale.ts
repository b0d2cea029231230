// Scales of pictures: from values to pixels.

/** Maps a value to a position in pixels, rounded to a tenth. */
export type Scale = (value: number) => number;

/** A straight scale from `[low, high]` to `[from, to]`; a range without a width is drawn in the middle. */
export function scaleOf(low: number, high: number, from: number, to: number): Scale {
  const span = high - low;
  if (!(span > 0) || !Number.isFinite(span)) return () => tenth((from + to) / 2);
  return (value) => tenth(from + ((value - low) / span) * (to - from));
}

/** Rounds to a tenth of a pixel, which keeps pictures small. */
export const tenth = (value: number): number => Math.round(value * 10) / 10;

/**
 * Round values inside a range, at most about `wanted` of them, for the marks of an axis.
 *
 * @example ticks(0.52, 0.87, 4) // [0.6, 0.7, 0.8]
 */
export function ticks(low: number, high: number, wanted = 4): number[] {
  const span = high - low;
  if (!(span > 0) || !Number.isFinite(span)) return [];
  const rough = span / wanted;
  const size = 10 ** Math.floor(Math.log10(rough));
  const step = size * ([1, 2, 5, 10].find((each) => each * size >= rough) ?? 10);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, at) =>
    Number(((first + at) * step).toPrecision(12)),
  );
}

/** The points of a line as an attribute. */
export const pointsOf = (points: readonly (readonly [number, number])[]): string =>
  points.map(([x, y]) => `${tenth(x)},${tenth(y)}`).join(' ');
