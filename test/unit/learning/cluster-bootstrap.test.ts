// The cluster bootstrap: repeatable, and as wide as theory says.
import { describe, expect, test } from 'vitest';
import { clusterBootstrap } from '../../../domain/learning/resample/cluster-bootstrap.ts';
import { pairedDelong } from '../../../domain/data/math/delong.ts';
import { weightedAuc } from './weighted-auc.ts';
import { randomOf } from '../drift/frame-of.ts';
import { clusteredScores } from './clustered-scores.ts';

const mean =
  (values: ArrayLike<number>) =>
  (weights: Float64Array): number => {
    let sum = 0;
    let count = 0;
    weights.forEach((weight, row) => {
      sum += weight * values[row]!;
      count += weight;
    });
    return sum / count;
  };

describe('the cluster bootstrap', () => {
  test('has the value of the original rows, and the same interval for the same seed', () => {
    const values = Float64Array.from({ length: 200 }, (_, row) => row % 7);
    const clusters = Array.from(values, (_, row) => row);
    const draw = (seed: number) => clusterBootstrap(clusters, { mean: mean(values) }, { seed }).mean;
    expect(draw(1).value).toBe(mean(values)(new Float64Array(200).fill(1)));
    expect(draw(1)).toEqual(draw(1));
    expect(draw(2)).not.toEqual(draw(1));
  });

  test('is as wide as the standard error of a mean implies, with one row per cluster', () => {
    const random = randomOf(5);
    const values = Float64Array.from({ length: 2_000 }, random);
    const { low, high } = clusterBootstrap([...values.keys()], { mean: mean(values) }, { seed: 3 }).mean;
    const standardError = Math.sqrt(1 / 12 / values.length);
    expect((high - low) / (2 * 1.96 * standardError)).toBeGreaterThan(0.9);
    expect((high - low) / (2 * 1.96 * standardError)).toBeLessThan(1.1);
  });

  test('is wider if the rows of a cluster are copies of each other', () => {
    const random = randomOf(5);
    const values = Float64Array.from({ length: 500 }, random);
    const copied = Float64Array.from({ length: 2_000 }, (_, row) => values[row % 500]!);
    const width = (clusters: number[]): number => {
      const { low, high } = clusterBootstrap(clusters, { mean: mean(copied) }, { seed: 3 }).mean;
      return high - low;
    };
    const alone = width([...copied.keys()]);
    const together = width([...copied.keys()].map((row) => row % 500));
    expect(together / alone).toBeGreaterThan(1.7);
    expect(together / alone).toBeLessThan(2.3);
  });

  test('agrees with clustered DeLong on the interval of an AUC', () => {
    const sample = clusteredScores(300, 3, randomOf(8));
    const { spread } = pairedDelong(sample)!;
    const { auc } = clusterBootstrap(
      sample.clusters,
      { auc: weightedAuc(sample.labels, sample.first) },
      { seed: 2, resamples: 600 },
    );
    const ratio = (auc.high - auc.low) / (2 * 1.96 * Math.sqrt(spread!.first));
    expect(ratio).toBeGreaterThan(0.85);
    expect(ratio).toBeLessThan(1.15);
  });

  test('leaves out draws for which the measure is NaN', () => {
    const never = clusterBootstrap([0, 1, 2], { none: () => NaN }, { seed: 1 }).none;
    expect(never.low).toBeNaN();
    const rare = Float64Array.of(1, 0, 0, 0);
    const { low, high } = clusterBootstrap(
      [0, 1, 2, 3],
      { share: (weights) => (weights[0] === 0 ? NaN : mean(rare)(weights)) },
      { seed: 1 },
    ).share;
    expect(low).toBeGreaterThan(0);
    expect(high).toBeLessThanOrEqual(1);
  });
});
