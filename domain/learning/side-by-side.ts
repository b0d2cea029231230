// Champion, candidate and class prior side by side: what the AUC does not say, with intervals.
import { type Interval } from '../lifecycle/interval.ts';
import { DEFAULT_ALPHA } from './auc-interval.ts';
import { jointBootstrap, resamplesFor } from './cluster-bootstrap.ts';
import { BINNING } from './expected-calibration-error.ts';
import { type MeasureName, MEASURES, weightedMeasures } from './weighted-measures.ts';

/** Area under the precision-recall curve, log loss (nats), Brier score and calibration error, each with its interval. */
export type Measures = Readonly<Record<MeasureName, Interval>>;

/** Everybody gets the class prior: what any model has to beat. Its AUC is 0.5. */
export interface Baseline extends Measures {
  /** Share of positives in the candidate's training rows, in (0, 1). */
  readonly prior: number;
}

/** The measures beside the AUC. Plain JSON. */
export interface SideBySide {
  readonly champion: Measures;
  readonly candidate: Measures;
  readonly baseline: Baseline;
  /** Candidate less champion, paired: below 0 is better for all but `prAuc`. */
  readonly difference: Measures;
  readonly eceBinning: typeof BINNING;
  /** How the intervals were made: percentiles over so many draws of whole clusters. */
  readonly bootstrap: { readonly replicates: number; readonly seed: number; readonly level: number };
}

/** Rows that both were scored on. */
export interface SideBySideInput {
  /** 0 or 1 per row; at least one row. */
  readonly labels: ArrayLike<number>;
  /** A whole number from 0 per row; rows of one cluster share one. */
  readonly clusters: ArrayLike<number>;
  readonly championScores: Float64Array;
  readonly candidateScores: Float64Array;
  readonly prior: number;
  readonly seed: number;
}

/**
 * Measures both models and the class prior on the same rows, and draws whole clusters for the intervals: 1,000 times,
 * and fewer, at least 100, from 20,000 rows, so that the time is bounded. A resampled ECE leans upwards (rows drawn
 * twice look less calibrated); its interval always holds its value, and in the difference the leaning cancels out for
 * the most part.
 *
 * @example sideBySide({ labels, clusters, championScores, candidateScores, prior: 0.26, seed: 7 }).difference.logLoss.low > 0
 */
export function sideBySide(input: SideBySideInput): SideBySide {
  const { labels, clusters, championScores, candidateScores, prior, seed } = input;
  const champion = weightedMeasures(labels, championScores);
  const candidate = weightedMeasures(labels, candidateScores);
  const constant = constantMeasures(labels, prior);
  const replicates = resamplesFor(labels.length);
  const measure = (weights: Float64Array): number[] => {
    const [first, second] = [champion(weights), candidate(weights)];
    return [...first, ...second, ...constant(weights), ...second.map((value, at) => value - first[at]!)];
  };
  const intervals = jointBootstrap(clusters, measure, { seed, resamples: replicates }).map(holdingItsValue);
  const side = (position: number): Measures =>
    Object.fromEntries(
      MEASURES.map((name, at) => [name, intervals[position * MEASURES.length + at]!]),
    ) as Measures;
  return {
    champion: side(0),
    candidate: side(1),
    baseline: { prior, ...side(2) },
    difference: side(3),
    eceBinning: BINNING,
    bootstrap: { replicates, seed, level: 1 - DEFAULT_ALPHA },
  };
}

/** The measures of a score that is the same for every row: all follow from the share of positives. */
function constantMeasures(
  labels: ArrayLike<number>,
  prior: number,
): (weights: Float64Array) => readonly number[] {
  return (weights) => {
    let total = 0;
    let positives = 0;
    for (let row = 0; row < weights.length; row += 1) {
      total += weights[row]!;
      if (labels[row] === 1) positives += weights[row]!;
    }
    const share = positives / total;
    const logLoss = -(share * Math.log(prior) + (1 - share) * Math.log(1 - prior));
    const brier = share * (1 - prior) ** 2 + (1 - share) * prior ** 2;
    return [share, logLoss, brier, Math.abs(prior - share)];
  };
}

const holdingItsValue = ({ value, low, high }: Interval): Interval => ({
  value,
  low: Math.min(value, low),
  high: Math.max(value, high),
});
