// The cluster bootstrap: intervals for measures that have no formula for their variance.
import { type Interval } from '../../data/math/interval.ts';
import { Random } from '../../random.ts';
import { DEFAULT_ALPHA } from '../../data/math/auc.ts';
import { clusterBound } from '../../data/math/class-clusters.ts';

/** A measure of rows in which each row counts `weights[row]` times. */
export type WeightedMeasure = (weights: Float64Array) => number;

/** How to resample. */
export interface BootstrapOptions {
  readonly seed: number;
  /** 1 minus the confidence level of the intervals. @default 0.05 */
  readonly alpha?: number;
  /** Number of resamples. @default `resamplesFor` the number of rows */
  readonly resamples?: number;
}

const MAX_RESAMPLES = 1_000;
const MIN_RESAMPLES = 100;
const MAX_DRAWN_ROWS = 2e7;

/**
 * Returns intervals of measures. Each resample draws as many clusters as there are, with replacement, and every row
 * counts as often as its cluster was drawn. All measures see the same draws, so differences between them are paired.
 * The value in an interval is the measure of the original rows.
 *
 * Source: Efron's percentile interval; clusters as in Field and Welsh, JRSS B 69 (2007).
 *
 * @param clusters a whole number from 0 per row; rows of one cluster share one
 * @example clusterBootstrap(clusters, { brier: (weights) => … }, { seed: 7 }).brier.low
 */
export function clusterBootstrap<Name extends string>(
  clusters: ArrayLike<number>,
  measures: Readonly<Record<Name, WeightedMeasure>>,
  options: BootstrapOptions,
): Record<Name, Interval> {
  const names = Object.keys(measures) as Name[];
  const measure = (weights: Float64Array) => names.map((name) => measures[name](weights));
  const intervals = jointBootstrap(clusters, measure, options);
  return Object.fromEntries(names.map((name, index) => [name, intervals[index]!])) as Record<Name, Interval>;
}

/**
 * Does the same as {@link clusterBootstrap} for measures that share work: one function returns all of them, always in the
 * same number and order.
 *
 * @example jointBootstrap(clusters, (weights) => [first(weights), second(weights)], { seed: 7 })[1].high
 */
export function jointBootstrap(
  clusters: ArrayLike<number>,
  measure: (weights: Float64Array) => readonly number[],
  { seed, alpha = DEFAULT_ALPHA, resamples = resamplesFor(clusters.length) }: BootstrapOptions,
): Interval[] {
  const weights = new Float64Array(clusters.length).fill(1);
  const values = [...measure(weights)];
  const drawn = values.map(() => new Float64Array(resamples));
  const present = presentClusters(clusters);
  const times = new Uint32Array(clusterBound(clusters));
  for (let resample = 0; resample < resamples; resample += 1) {
    const random = new Random(seed, resample, 0);
    times.fill(0);
    for (let draw = 0; draw < present.length; draw += 1) times[present[random.below(present.length)]!]! += 1;
    for (let row = 0; row < weights.length; row += 1) weights[row] = times[clusters[row]!]!;
    measure(weights).forEach((value, index) => (drawn[index]![resample] = value));
  }
  return values.map((value, index) => percentiles(value, drawn[index]!, alpha));
}

/**
 * Returns the number of resamples for a number of rows: 1,000 up to 20,000 rows, fewer for more rows, but at least 100.
 */
export const resamplesFor = (rows: number): number =>
  Math.round(Math.max(MIN_RESAMPLES, Math.min(MAX_RESAMPLES, MAX_DRAWN_ROWS / Math.max(1, rows))));

function presentClusters(clusters: ArrayLike<number>): Uint32Array {
  const seen = new Uint8Array(clusterBound(clusters));
  for (let row = 0; row < clusters.length; row += 1) seen[clusters[row]!] = 1;
  return Uint32Array.from(seen.keys()).filter((cluster) => seen[cluster] === 1);
}

/** Returns the alpha/2 and 1 − alpha/2 quantiles of the draws without NaN; the value itself if all draws are NaN. */
function percentiles(value: number, drawn: Float64Array, alpha: number): Interval {
  const sorted = drawn.filter((one) => !Number.isNaN(one)).sort();
  if (sorted.length === 0) return { value, low: value, high: value };
  const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))]!;
  return { value, low: at(alpha / 2), high: at(1 - alpha / 2) };
}
