// Measures champion, candidate and class prior side by side, with intervals, by metrics other than the AUC as well.
import { type Interval } from '../../data/math/interval.ts';
import { DEFAULT_ALPHA } from '../../data/math/auc.ts';
import { jointBootstrap, resamplesFor } from '../resample/cluster-bootstrap.ts';
import { BINNING } from '../metrics/brier.ts';
import { type MeasureName, MEASURES, weightedMeasures } from '../metrics/weighted-measures.ts';
import { type Frame } from '../../data/frame.ts';
import { type NamedSlice } from '../../model/schema/slices-schema.ts';
import { compare, type Comparison } from './comparison.ts';
import { type Curves, curvesOf } from './curves.ts';
import { type Thresholds, mcnemarAtThreshold, type McNemarAtThreshold } from '../metrics/mcnemar.ts';
import { type FeatureImportance, permutationImportance } from './permutation-importance.ts';
import { type Scorer } from '../artifact/scorer.ts';
import { compareSlices, type Slice } from './slices.ts';

/** Area under the precision-recall curve, log loss (nats), Brier score and calibration error, each with its interval. */
export type Measures = Readonly<Record<MeasureName, Interval>>;

/** Measures of a model that scores every row with the class prior: which any model has to beat. Its AUC is 0.5. */
export interface Baseline extends Measures {
  /** Share of positives in the candidate's training rows, in (0, 1). */
  readonly prior: number;
}

/** The measures other than the AUC. Plain JSON. */
export interface SideBySide {
  readonly champion: Measures;
  readonly candidate: Measures;
  readonly baseline: Baseline;
  /** Candidate less champion, paired. Below 0 the candidate is better, except for `prAuc`. */
  readonly difference: Measures;
  readonly eceBinning: typeof BINNING;
  /** How the intervals were made: percentiles over so many resamples of whole clusters. */
  readonly bootstrap: { readonly replicates: number; readonly seed: number; readonly level: number };
}

/** Rows that both models have scored. */
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
 * Measures both models and the class prior on the same rows. Intervals come from resampling whole clusters: 1,000 times
 * up to 20,000 rows, less often with more rows to limit the time, but at least 100 times. A resampled ECE is biased
 * upwards because rows drawn twice look less calibrated. Its interval always contains its value, and in the difference
 * the bias mostly cancels out.
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

/** Returns a function for the measures of a constant score, which all follow from the share of positives. */
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

/** What to measure. Can be sent to a thread, which makes the candidate's scorer again from its artifact. */
export interface MeasureInput {
  /** The evaluation rows only: labelled and held out. */
  readonly frame: Frame;
  readonly championScores: Float64Array;
  readonly candidateScores: Float64Array;
  /** Score of the class-prior baseline, in (0, 1): the share of positives in the candidate's training rows. */
  readonly prior: number;
  /** The operating threshold of each model. */
  readonly cuts: Thresholds;
  /** Slices that the definition names. */
  readonly named: readonly NamedSlice[];
  readonly seed: number;
}

/** The measured comparison. Plain JSON. */
export interface MeasuredComparison {
  readonly comparison: Comparison;
  readonly measures: SideBySide;
  readonly mcnemar: McNemarAtThreshold;
  readonly slices: readonly Slice[];
  readonly importance: readonly FeatureImportance[];
  readonly curves: Curves;
}

/**
 * Measures champion and candidate on the same rows: AUCs and their difference, the other measures, decisions at the
 * thresholds, slices, the importance of each feature for the candidate, and the curves of both models. The same input gives the same output.
 *
 * @param candidate scores the rows again with the values of one feature shuffled
 * @param onProgress called with the share of the work done, from 0 to 1
 * @throws TidegateError TOO_FEW_LABELS if there is no row
 * @example (await measureComparison(input, linearScorer(artifact))).comparison.difference.low > 0
 */
export async function measureComparison(
  { frame, championScores, candidateScores, prior, cuts, named, seed }: MeasureInput,
  candidate: Scorer,
  onProgress: (fraction: number) => void = () => undefined,
): Promise<MeasuredComparison> {
  const { labels, clusters } = frame;
  const rows = Uint32Array.from({ length: frame.rows }, (_, row) => row);
  const scored = { labels, clusters, championScores, candidateScores };
  const comparison = compare(scored);
  onProgress(0.1);
  const measures = sideBySide({ ...scored, prior, seed });
  onProgress(0.4);
  const mcnemar = mcnemarAtThreshold({ ...scored, cuts });
  const slices = compareSlices({ frame, rows, championScores, candidateScores, named });
  onProgress(0.7);
  const importance = await permutationImportance(frame, rows, candidate.scoreRows, { seed });
  const curves = {
    champion: curvesOf(labels, championScores),
    candidate: curvesOf(labels, candidateScores),
  };
  onProgress(1);
  return { comparison, measures, mcnemar, slices, importance, curves };
}
