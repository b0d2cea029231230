// The share of rows with a category that the reference has never seen.
import type { Statistic } from './statistic.ts';
import type { Share } from './two-proportion-z.ts';
import { wilsonLower } from './wilson.ts';

/**
 * New categories.
 *
 * Columns: category. Direction: drift when the value is at least 0.01.
 * Formula: lower Wilson bound of the share of current rows with an unseen value, less the share that is unseen even
 * without drift: the reference's share of values seen once. That is 0 for a closed set of values, and near 1 for a
 * column of identifiers, where new values are no news.
 * Source: Wilson 1927; Good 1953 for the expected unseen share.
 *
 * @example newCategoryExcess({ hits: 5, size: 100 }, 0); // 0.0215
 */
export const newCategory = {
  name: 'new_category',
  columns: 'category',
  judges: 'value',
  driftWhen: 'at least',
  threshold: 0.01,
} as const satisfies Statistic;

/** How far the share of unseen values surely exceeds `expected`, the share unseen without drift; in [0, 1]. */
export const newCategoryExcess = (unseen: Share, expected: number): number =>
  Math.max(0, wilsonLower(unseen) - expected);
