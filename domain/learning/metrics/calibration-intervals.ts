// Confidence intervals of Brier score, log loss and calibration error, for rows in clusters.
import { type Interval } from '../../data/math/interval.ts';
import { DEFAULT_ALPHA, normalInterval } from '../../data/math/auc.ts';
import { clusterBound } from '../../data/math/class-clusters.ts';
import { clusterBootstrap } from '../resample/cluster-bootstrap.ts';
import { BINS, MAX_SURPRISE, squaredDistance, surprise, visitInBins } from './brier.ts';

/** 95 % intervals of Brier score, log loss and calibration error. */
export interface CalibrationIntervals {
  readonly brier: Interval;
  readonly logLoss: Interval;
  /**
   * Computed by resampling clusters. The interval is biased upwards, because rows drawn twice look less calibrated, but
   * always contains the value.
   */
  readonly ece: Interval;
}

/** Labelled rows with their scores and clusters. */
export interface LabelledScores {
  /** 0 or 1 per row. */
  readonly labels: Uint8Array;
  /** A whole number from 0 per row; rows of one cluster share one. */
  readonly clusters: Uint32Array;
  readonly scores: Float64Array;
}

/**
 * Returns the intervals. There must be at least one row.
 *
 * Formula: Brier score and log loss are means of the rows' losses, with variance I/(I−1) Σ over clusters (Σ (loss −
 * mean))² / n² for I clusters; ECE by `clusterBootstrap`, in the ten bins of the original rows.
 */
export function calibrationIntervals(rows: LabelledScores, seed: number): CalibrationIntervals {
  const { labels, scores, clusters } = rows;
  const { ece } = clusterBootstrap(clusters, { ece: weightedError(rows) }, { seed });
  const squares = scores.map((score, row) => squaredDistance(labels[row]!, score));
  const surprises = scores.map((score, row) => surprise(labels[row]!, score));
  return {
    brier: meanInterval(squares, clusters, 1),
    logLoss: meanInterval(surprises, clusters, MAX_SURPRISE),
    ece: { ...ece, low: Math.min(ece.value, ece.low) },
  };
}

function meanInterval(losses: Float64Array, clusters: Uint32Array, greatest: number): Interval {
  const mean = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
  const sums = new Float64Array(clusterBound(clusters));
  const present = new Uint8Array(sums.length);
  for (let row = 0; row < losses.length; row += 1) {
    sums[clusters[row]!]! += losses[row]! - mean;
    present[clusters[row]!] = 1;
  }
  const count = present.reduce((sum, one) => sum + one, 0);
  const squares = sums.reduce((sum, one) => sum + one * one, 0);
  const variance = count < 2 ? null : (count / (count - 1)) * (squares / losses.length ** 2);
  return normalInterval(mean, variance, { least: 0, greatest, alpha: DEFAULT_ALPHA });
}

/** Returns a function for the calibration error of weighted rows, in the bins of the unweighted rows. */
function weightedError({ labels, scores }: LabelledScores): (weights: Float64Array) => number {
  const bins = new Uint8Array(scores.length);
  visitInBins(scores, (row, bin) => (bins[row] = bin));
  const excesses = scores.map((score, row) => score - labels[row]!);
  return (weights) => {
    const excess = new Float64Array(BINS);
    let total = 0;
    for (let row = 0; row < weights.length; row += 1) {
      total += weights[row]!;
      excess[bins[row]!]! += weights[row]! * excesses[row]!;
    }
    return excess.reduce((sum, one) => sum + Math.abs(one), 0) / total;
  };
}
