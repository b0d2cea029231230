// The Wasserstein distance as Evidently computes it: unclipped, divided by the reference's plain standard deviation.
import { type Statistic } from './statistic.ts';
import { wassersteinDistance } from './wasserstein.ts';
import { standardDeviation } from '../../data/math/moments.ts';

/**
 * Normed Wasserstein distance, for parity with Evidently 0.7 only.
 *
 * Columns: numeric. Direction: drift when at least 0.1; from 0 (equal) upwards, in standard deviations.
 * Formula: ∫ |F_reference − F_current| dx / max(sd of the reference (ddof 0), 0.001). One value of 1e6 in the reference
 * hides a shift of a standard deviation; one in the window alone gives a distance of 201. `wasserstein` clips both
 * samples.
 * Source: Evidently 0.7, `wasserstein`.
 *
 * @example wassersteinEvidentlyDistance(Float64Array.of(0, 1), Float64Array.of(0, 0)); // 1
 */
export const wassersteinEvidently = {
  name: 'wasserstein_evidently',
  columns: 'numeric',
  compares: 'value',
  driftWhen: 'at least',
  threshold: 0.1,
} as const satisfies Statistic;

const MIN_NORM = 0.001;

/** Returns the distance between two samples without infinities; null if a sample is empty or a sum overflows. */
export function wassersteinEvidentlyDistance(reference: Float64Array, current: Float64Array): number | null {
  const distance = wassersteinDistance(reference, current);
  const spread = standardDeviation(reference);
  if (distance === null || !Number.isFinite(distance) || !Number.isFinite(spread)) return null;
  return distance / Math.max(spread, MIN_NORM);
}
