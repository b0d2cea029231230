// Scores of two models on rows in clusters, and a cluster bootstrap to check variances against.
import { auc } from '../../../domain/data/math/auc.ts';
import { type PairedScores } from '../../../domain/data/math/delong.ts';
import { normals } from '../drift/frame-of.ts';

/** Rows whose labels and scores are correlated within a cluster; both labels occur within one. */
export function clusteredScores(clusterCount: number, rowsEach: number, random: () => number): PairedScores {
  const rows = clusterCount * rowsEach;
  const clusters = Array.from({ length: rows }, (_, row) => Math.floor(row / rowsEach));
  const lean = normals(clusterCount, random);
  const bias = normals(clusterCount, random);
  const labels = clusters.map((cluster) => Number(random() < 1 / (1 + Math.exp(0.5 - 2 * lean[cluster]!))));
  const scores = (noise: number): Float64Array => {
    const own = normals(rows, random);
    return own.map((value, row) => {
      const cluster = clusters[row]!;
      return 0.8 * labels[row]! + 0.5 * lean[cluster]! + bias[cluster]! + noise * value;
    });
  };
  return { labels, clusters, first: scores(0.5), second: scores(1) };
}

/** Variances of both AUCs and of their difference over resamples of whole clusters. */
export function bootstrapVariance(sample: PairedScores, times: number, random: () => number) {
  const rowsOf = new Map<number, number[]>();
  Array.from(sample.clusters).forEach((cluster, row) => {
    rowsOf.set(cluster, [...(rowsOf.get(cluster) ?? []), row]);
  });
  const groups = [...rowsOf.values()];
  const pairs = Array.from({ length: times }, () => {
    const rows = groups.flatMap(() => groups[Math.floor(random() * groups.length)]!);
    const labels = rows.map((row) => sample.labels[row]!);
    const pick = (scores: Float64Array): number =>
      auc(
        labels,
        Float64Array.from(rows, (row) => scores[row]!),
      )!;
    return [pick(sample.first), pick(sample.second)] as const;
  });
  return {
    first: variance(pairs.map(([a]) => a)),
    second: variance(pairs.map(([, b]) => b)),
    difference: variance(pairs.map(([a, b]) => a - b)),
  };
}

function variance(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
}
