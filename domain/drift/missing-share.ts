// The change in the share of missing values.
import { fisherExact } from './distributions/fisher-exact.ts';
import { NORMAL_95 } from './distributions/normal.ts';
import { RARE_BELOW } from './chi-square.ts';
import type { Statistic } from './statistic.ts';
import { twoProportionZ, type Share } from './two-proportion-z.ts';

/**
 * Share of missing values, tested and measured.
 *
 * Columns: any. Direction: drift when p < 0.05 and the shares differ by at least 0.02, either way.
 * Formula: two-proportion z on the missing rows; Fisher's exact test where fewer than five missing (or present) rows
 * are expected on a side, since a single missing value among 30 would otherwise give p = 1e-30 against a reference
 * that hardly has any.
 * Source: as for the z test; Fisher 1935.
 *
 * @example missingShareChange({ hits: 0, size: 100 }, { hits: 50, size: 100 }); // { difference: 0.5, pValue: 3.2e-16 }
 */
export const missingShare = {
  name: 'missing_share',
  columns: 'any',
  judges: 'value',
  driftWhen: 'at least',
  threshold: 0.02,
} as const satisfies Statistic;

/** The current share less the reference's, and the two-sided p-value of that. */
export function missingShareChange(
  reference: Share,
  current: Share,
): { readonly difference: number; readonly pValue: number } {
  const difference = current.hits / current.size - reference.hits / reference.size;
  const hits = reference.hits + current.hits;
  const size = reference.size + current.size;
  const rarest = (Math.min(hits, size - hits) * Math.min(reference.size, current.size)) / size;
  const pValue =
    rarest < RARE_BELOW
      ? fisherExact(reference.hits, reference.size, current.hits, current.size)
      : twoProportionZ(reference, current).pValue;
  return { difference, pValue };
}

/**
 * The 95 % point of the difference of two shares where nothing changed: 1.96 · √(p(1 − p)(1/n + 1/m)).
 *
 * @example shareNoiseFloor({ hits: 10, size: 100 }, { hits: 10, size: 100 }); // 0.083
 */
export function shareNoiseFloor(reference: Share, current: Share): number {
  const pooled = (reference.hits + current.hits) / (reference.size + current.size);
  return NORMAL_95 * Math.sqrt(pooled * (1 - pooled) * (1 / reference.size + 1 / current.size));
}
