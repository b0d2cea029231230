// McNemar's test at thresholds: rows that only one model gets right, with clusters counted once.
import { expect, test } from 'vitest';
import { mcnemarAtThreshold } from '../../../domain/learning/metrics/mcnemar.ts';

/** 20 rows, 5 of which only the champion gets right and 15 only the candidate, and 10 rows that both get right. */
const labels = Array.from({ length: 30 }, (_, row) => row % 2);
const right = (row: number): number => (labels[row] === 1 ? 0.9 : 0.1);
const scores = (isRight: (row: number) => boolean): Float64Array =>
  Float64Array.from(labels, (_, row) => (isRight(row) ? right(row) : 1 - right(row)));
const championScores = scores((row) => row < 5 || row >= 20);
const candidateScores = scores((row) => row >= 5);
const cuts = { champion: 0.5, candidate: 0.5 };
const clusters = labels.map((_, row) => row);

test('counts and p-values are those of the published example, b = 5 and c = 15', () => {
  const found = mcnemarAtThreshold({ labels, clusters, championScores, candidateScores, cuts });
  expect(found).toMatchObject({ onlyFirst: 5, onlySecond: 15, cuts });
  expect(found.exact).toBeCloseTo(0.04138946523, 9);
  expect(found.midP).toBeCloseTo(0.02660369873, 9);
  expect(found.chiSquare).toBeCloseTo(0.02534731868, 9);
  expect(found.accuracy).toEqual({ champion: 0.5, candidate: 25 / 30 });
});

test('the clustered p is that of χ² with one row per cluster, and repeating rows within clusters does not change it', () => {
  const single = mcnemarAtThreshold({ labels, clusters, championScores, candidateScores, cuts });
  expect(single.clustered).toBeCloseTo(single.chiSquare, 12);
  const twice = <T>(values: ArrayLike<T>): T[] => [...Array.from(values), ...Array.from(values)];
  const repeated = mcnemarAtThreshold({
    labels: twice(labels),
    clusters: twice(clusters),
    championScores: Float64Array.from(twice(championScores)),
    candidateScores: Float64Array.from(twice(candidateScores)),
    cuts,
  });
  expect(repeated.chiSquare).toBeLessThan(single.chiSquare);
  expect(repeated.clustered).toBeCloseTo(single.clustered, 12);
});

test('each model decides positive from its own threshold on', () => {
  const one = {
    labels: [1],
    clusters: [0],
    championScores: Float64Array.of(0.3),
    candidateScores: Float64Array.of(0.3),
  };
  expect(mcnemarAtThreshold({ ...one, cuts: { champion: 0.3, candidate: 0.31 } })).toMatchObject({
    onlyFirst: 1,
    onlySecond: 0,
  });
});

test('two models that never differ have p = 1', () => {
  const same = mcnemarAtThreshold({
    labels,
    clusters,
    championScores,
    candidateScores: championScores,
    cuts,
  });
  expect(same).toMatchObject({ onlyFirst: 0, onlySecond: 0, exact: 1, clustered: 1 });
});
