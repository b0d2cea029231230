// Intervals of Brier score, log loss and calibration error: the formula agrees with the cluster bootstrap.
import { expect, test } from 'vitest';
import {
  brier,
  expectedCalibrationError,
  logLoss,
  MAX_SURPRISE,
  squaredDistance,
  surprise,
} from '../../../domain/learning/metrics/brier.ts';
import { calibrationIntervals } from '../../../domain/learning/metrics/calibration-intervals.ts';
import { clusterBootstrap } from '../../../domain/learning/resample/cluster-bootstrap.ts';
import { randomOf } from '../drift/frame-of.ts';

/** Rows in clusters of the given size whose labels agree, so that the rows are not independent. */
function clustered(rows: number, each: number) {
  const random = randomOf(each);
  const clusters = Uint32Array.from({ length: rows }, (_, row) => Math.floor(row / each));
  const risk = Float64Array.from({ length: rows }, random);
  const scores = clusters
    .map((cluster) => cluster * each)
    .reduce((all, first, row) => {
      all[row] = 0.05 + 0.9 * risk[first]!;
      return all;
    }, new Float64Array(rows));
  const drawn = Float64Array.from({ length: rows }, random);
  const labels = Uint8Array.from(clusters, (cluster) =>
    Number(drawn[cluster * each]! < scores[cluster * each]!),
  );
  return { labels, clusters, scores };
}

test('intervals by formula agree with the cluster bootstrap to a tenth of their width', () => {
  const rows = clustered(3_000, 5);
  const { labels, scores, clusters } = rows;
  const mean = (loss: (label: number, score: number) => number) => (weights: Float64Array) => {
    let [sum, total] = [0, 0];
    weights.forEach((weight, row) => {
      sum += weight * loss(labels[row]!, scores[row]!);
      total += weight;
    });
    return sum / total;
  };
  const resampled = clusterBootstrap(
    clusters,
    { brier: mean(squaredDistance), logLoss: mean(surprise) },
    { seed: 3 },
  );
  const found = calibrationIntervals(rows, 3);
  for (const name of ['brier', 'logLoss'] as const) {
    const [ours, theirs] = [found[name], resampled[name]];
    const width = theirs.high - theirs.low;
    expect(Math.abs(ours.low - theirs.low) / width).toBeLessThan(0.1);
    expect(Math.abs(ours.high - theirs.high) / width).toBeLessThan(0.1);
  }
});

test('repeated rows within a cluster do not narrow the intervals', () => {
  const many = clustered(3_000, 10);
  const apart = { ...many, clusters: Uint32Array.from(many.clusters.keys()) };
  const width = (rows: typeof many) => {
    const { low, high } = calibrationIntervals(rows, 1).brier;
    return high - low;
  };
  expect(width(many) / width(apart)).toBeGreaterThan(2);
});

test('values are those of the metrics, every interval contains its value, and only the seed changes it', () => {
  const rows = clustered(600, 2);
  const { brier: b, logLoss: l, ece } = calibrationIntervals(rows, 5);
  expect(b.value).toBeCloseTo(brier(rows.labels, rows.scores), 12);
  expect(l.value).toBeCloseTo(logLoss(rows.labels, rows.scores), 12);
  expect(ece.value).toBeCloseTo(expectedCalibrationError(rows.labels, rows.scores), 12);
  for (const { value, low, high } of [b, l, ece]) {
    expect(low).toBeLessThanOrEqual(value);
    expect(high).toBeGreaterThanOrEqual(value);
    expect(low).toBeGreaterThanOrEqual(0);
  }
  expect(calibrationIntervals(rows, 5)).toEqual({ brier: b, logLoss: l, ece });
});

test('with a single cluster the intervals of Brier score and log loss are the whole range', () => {
  const one = {
    labels: Uint8Array.of(0, 1),
    clusters: new Uint32Array(2),
    scores: Float64Array.of(0.4, 0.6),
  };
  expect(calibrationIntervals(one, 1)).toMatchObject({
    brier: { low: 0, high: 1 },
    logLoss: { low: 0, high: MAX_SURPRISE },
  });
});
