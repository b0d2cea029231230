// AUC and DeLong variances, with and without clusters.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { auc } from '../../../domain/data/math/auc.ts';
import { pairedDelong, type PairedScores, singleDelong } from '../../../domain/data/math/delong.ts';
import { structuralComponents } from '../../../domain/data/math/structural-components.ts';
import { randomOf } from '../drift/frame-of.ts';
import { bootstrapVariance, clusteredScores } from './clustered-scores.ts';

const own = (labels: ArrayLike<number>): number[] => Array.from(labels, (_, row) => row);

const labels = [1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 1, 0];
const first = Float64Array.of(0.9, 0.8, 0.7, 0.6, 0.55, 0.54, 0.53, 0.51, 0.5, 0.4, 0.39, 0.3);
const second = Float64Array.of(0.6, 0.9, 0.5, 0.7, 0.4, 0.45, 0.8, 0.3, 0.2, 0.35, 0.55, 0.1);

/** Unclustered DeLong straight from its definition, in O(m n). */
function plainDelong({ labels: y, first: a, second: b }: PairedScores) {
  const rows = Array.from(y, (_, row) => row);
  const [pos, neg] = [rows.filter((row) => y[row] === 1), rows.filter((row) => y[row] !== 1)];
  const psi = (x: number, z: number): number => (x > z ? 1 : x === z ? 0.5 : 0);
  const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const v10 = (s: Float64Array) => pos.map((i) => mean(neg.map((j) => psi(s[i]!, s[j]!))));
  const v01 = (s: Float64Array) => neg.map((j) => mean(pos.map((i) => psi(s[i]!, s[j]!))));
  const cov = (u: number[], v: number[]): number =>
    u.reduce((sum, value, i) => sum + (value - mean(u)) * (v[i]! - mean(v)), 0) / (u.length - 1);
  const total = (s: Float64Array, t: Float64Array): number =>
    cov(v10(s), v10(t)) / pos.length + cov(v01(s), v01(t)) / neg.length;
  return {
    first: mean(v10(a)),
    spread: { first: total(a, a), second: total(b, b), covariance: total(a, b) },
  };
}

const scored = fc
  .array(
    fc.tuple(
      fc.integer({ min: 0, max: 1 }),
      fc.integer({ min: 0, max: 6 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
    ),
    {
      minLength: 4,
      maxLength: 40,
    },
  )
  .map((rows) => [[1, 0, 0], [1, 3, 0.2], [0, 1, 0.9], [0, 6, 0.1], ...rows] as [number, number, number][])
  .map((rows) => ({
    labels: rows.map(([label]) => label),
    first: Float64Array.from(rows, ([, tied]) => tied / 6),
    second: Float64Array.from(rows, ([, , smooth]) => smooth),
  }));

describe('the AUC', () => {
  test('is that of the published example', () => {
    expect(auc(labels, first)).toBeCloseTo(0.8611111111, 10);
    expect(auc(labels, second)).toBeCloseTo(0.8333333333, 10);
  });

  test('counts ties as half', () => {
    expect(auc([0, 1, 1], Float64Array.of(0.2, 0.2, 0.9))).toBe(0.75);
    expect(auc([0, 1, 0, 1], Float64Array.of(0.5, 0.5, 0.5, 0.5))).toBe(0.5);
  });

  test('is null for one class or no row', () => {
    expect(auc([1, 1], Float64Array.of(0.1, 0.2))).toBeNull();
    expect(auc([0], Float64Array.of(0.1))).toBeNull();
    expect(auc([], new Float64Array())).toBeNull();
  });

  test('is mirrored if labels or scores are inverted, and does not depend on the order of rows', () => {
    fc.assert(
      fc.property(scored, ({ labels: y, first: a }) => {
        const value = auc(y, a)!;
        expect(
          auc(
            y.map((label) => 1 - label),
            a,
          ),
        ).toBeCloseTo(1 - value, 12);
        expect(
          auc(
            y,
            a.map((score) => -score),
          ),
        ).toBeCloseTo(1 - value, 12);
        expect(auc([...y].reverse(), a.toReversed())).toBeCloseTo(value, 12);
      }),
    );
  });

  test('is the mean of the structural components of either class', () => {
    const { auc: value, values } = structuralComponents(labels, first)!;
    const mean = (label: number): number => {
      const own = values.filter((_, row) => labels[row] === label);
      return own.reduce((sum, component) => sum + component, 0) / own.length;
    };
    expect(mean(1)).toBeCloseTo(value, 12);
    expect(mean(0)).toBeCloseTo(value, 12);
  });
});

describe('DeLong', () => {
  test('has the variances and covariance of the published example', () => {
    const { spread } = pairedDelong({ labels, clusters: own(labels), first, second })!;
    expect(spread!.first).toBeCloseTo(0.0200617284, 10);
    expect(spread!.second).toBeCloseTo(0.0203703704, 10);
    expect(spread!.covariance).toBeCloseTo(0.0009259259, 10);
  });

  test('agrees with its definition if each cluster has one row', () => {
    fc.assert(
      fc.property(scored, (scores) => {
        const input = { ...scores, clusters: own(scores.labels) };
        const [paired, plain] = [pairedDelong(input)!, plainDelong(input)];
        expect(paired.first).toBeCloseTo(plain.first, 12);
        const { first: a, second: b, covariance: ab } = plain.spread;
        expect(paired.spread!.first).toBeCloseTo(a, 12);
        expect(paired.spread!.second).toBeCloseTo(b, 12);
        expect(paired.spread!.covariance).toBeCloseTo(ab, 12);
        expect(paired.spread!.difference).toBeCloseTo(a + b - 2 * ab, 12);
      }),
    );
  });

  test('has the same variance for one model as in a pair', () => {
    const clusters = [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5];
    const paired = pairedDelong({ labels, clusters, first, second })!;
    expect(singleDelong(labels, clusters, second)).toEqual({
      auc: paired.second,
      variance: paired.spread!.second,
    });
  });

  test('does not depend on how clusters are numbered', () => {
    const clusters = [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5];
    const renamed = clusters.map((cluster) => 100 - 7 * cluster);
    const one = singleDelong(labels, clusters, first)!.variance!;
    expect(singleDelong(labels, renamed, first)!.variance).toBeCloseTo(one, 14);
  });

  test('does not count rows repeated five times as more evidence', () => {
    const { labels: y, first: a, second: b } = clusteredScores(200, 1, randomOf(4));
    const five = <T>(values: ArrayLike<T>): T[] =>
      Array.from(values).flatMap((value) => new Array<T>(5).fill(value));
    const copies = { labels: five(y), first: Float64Array.from(five(a)), second: Float64Array.from(five(b)) };
    const once = pairedDelong({ labels: y, clusters: own(y), first: a, second: b })!.spread!;
    const clustered = pairedDelong({ ...copies, clusters: five(own(y)) })!.spread!;
    const naive = pairedDelong({ ...copies, clusters: own(copies.labels) })!.spread!;
    for (const part of ['first', 'second', 'covariance'] as const) {
      expect(clustered[part]).toBeCloseTo(once[part], 12);
      expect(naive[part] / once[part]).toBeCloseTo(0.2, 1);
    }
  });

  test('agrees with a cluster bootstrap if clusters have several rows, unlike the unclustered variance', () => {
    const sample = clusteredScores(250, 4, randomOf(11));
    const { spread } = pairedDelong(sample)!;
    const bootstrap = bootstrapVariance(sample, 1_500, randomOf(12));
    for (const part of ['first', 'second'] as const) {
      expect(Math.abs(spread![part] / bootstrap[part] - 1)).toBeLessThan(0.15);
    }
    expect(Math.abs(spread!.difference / bootstrap.difference - 1)).toBeLessThan(0.15);
    const plain = pairedDelong({ ...sample, clusters: own(sample.labels) })!.spread!;
    expect(plain.first / bootstrap.first).toBeLessThan(0.7);
  });

  test('has no variance below 0 if the classes of each cluster cancel out', () => {
    const { spread } = pairedDelong({
      labels: [0, 1, 0, 1, 0],
      clusters: [0, 1, 1, 0, 1],
      first: Float64Array.of(0, 0, 1, 0, 4),
      second: Float64Array.of(2, 1, 1, 4, 1),
    })!;
    expect(Math.min(spread!.first, spread!.second, spread!.difference)).toBe(0);
  });

  test('has no variance if a class has a single cluster, and no AUC if there is one class', () => {
    const clusters = [0, 0, 0, 1, 2];
    const one = singleDelong([1, 1, 0, 0, 0], clusters, Float64Array.of(0.9, 0.3, 0.4, 0.2, 0.1));
    expect(one).toEqual({ auc: 5 / 6, variance: null });
    expect(singleDelong([1, 1], [0, 1], Float64Array.of(0.1, 0.2))).toBeNull();
  });
});
