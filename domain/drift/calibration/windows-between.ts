// The windows of a model's past, one every so often.
import { before, durationOf, windowZone } from '../../features/duration.ts';
import { type Window, windowEndingAt } from '../../features/window.ts';

/** Which windows. */
export interface WindowRange {
  /** No row before it is in a window. */
  readonly from: Date;
  /** End of the newest window. */
  readonly to: Date;
  /** From one end to the next, and the length of each: durations, as `1 month`. */
  readonly every: string;
  readonly length: string;
  /** Days and longer are counted in this time zone where `every` follows its clocks. */
  readonly timezone: string;
  readonly most: number;
}

/**
 * The newest windows that lie in a range, newest first.
 *
 * @example windowsBetween({ from: january, to: april, every: '1 month', length: '1 month', timezone: 'UTC', most: 100 }) // three
 */
export function windowsBetween({ from, to, every, length, timezone, most }: WindowRange): Window[] {
  const windows: Window[] = [];
  const step = durationOf(every);
  const zone = windowZone({ every, timezone });
  for (let end = to; windows.length < most; end = before(end, step, zone)) {
    const window = windowEndingAt(end, length, { every, timezone });
    if (window.from < from) return windows;
    windows.push(window);
  }
  return windows;
}
