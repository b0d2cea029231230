// Columns that hold a single value.
import type { Statistic } from './statistic.ts';
import type { Share } from './two-proportion-z.ts';
import { wilsonLower } from './wilson.ts';

/**
 * Departure from a constant reference.
 *
 * Columns: numeric, where the reference has no spread to measure a distance in. Direction: drift when the value is at
 * least 0.01.
 * Formula: lower Wilson bound of the share of current rows that differ from the reference's only value.
 * Source: Wilson 1927.
 *
 * @example departureFromConstant({ hits: 0, size: 7_043 }); // 0
 */
export const constant = {
  name: 'constant',
  columns: 'numeric',
  judges: 'value',
  driftWhen: 'at least',
  threshold: 0.01,
} as const satisfies Statistic;

/** Which sides hold one value only. */
export type ConstantSides = 'none' | 'reference' | 'window' | 'both';

/** The share of rows that surely differ from the constant; in [0, 1]. */
export const departureFromConstant = (differing: Share): number => wilsonLower(differing);

/** Names the sides that hold one value only. @example constantSides(1, 5); // 'reference' */
export function constantSides(referenceValues: number, windowValues: number): ConstantSides {
  if (referenceValues === 1) return windowValues === 1 ? 'both' : 'reference';
  return windowValues === 1 ? 'window' : 'none';
}
