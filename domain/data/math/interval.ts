// Confidence intervals of measured values, and their text.
import { fixed } from '../../format-numbers.ts';

/** A value and the bounds of its 95 % interval. */
export interface Interval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/**
 * Formats an interval as "0.622 (0.580 to 0.664)", with three decimals or as many more as are needed to distinguish the
 * value, the ends of the interval and the bounds from each other.
 *
 * @param bounds numbers that the interval is compared with, such as a required minimum. @default no bounds
 */
export function formatInterval({ value, low, high }: Interval, ...bounds: readonly number[]): string {
  const [middle = '', from = '', to = ''] = fixed([value, low, high], bounds);
  return `${middle} (${from} to ${to})`;
}
