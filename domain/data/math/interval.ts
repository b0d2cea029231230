// A measured value with its confidence interval.
import { fixed } from '../../numbers-in-words.ts';

/** A value and the bounds of its 95 % interval. */
export interface Interval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/**
 * "0.622 (0.580 to 0.664)": three decimals, or as many more as tell value, ends and bounds apart.
 *
 * @param bounds what the interval is held against. @default none
 */
export function intervalInWords({ value, low, high }: Interval, ...bounds: readonly number[]): string {
  const [middle = '', from = '', to = ''] = fixed([value, low, high], bounds);
  return `${middle} (${from} to ${to})`;
}
