// Comparison of two models and realised performance of one.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TidegateError } from '../../../domain/errors.ts';
import { compare } from '../../../domain/learning/compare/comparison.ts';
import { canonicalJson } from '../../../domain/canonical-json.ts';
import { frameOf, randomOf } from '../drift/frame-of.ts';
import { clusteredScores } from './clustered-scores.ts';
import { allRows } from './labelled-frame.ts';
import { measure } from './measure.ts';

const labels = [1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 1, 0];
const clusters = labels.map((_, row) => row);
const first = Float64Array.of(0.9, 0.8, 0.7, 0.6, 0.55, 0.54, 0.53, 0.51, 0.5, 0.4, 0.39, 0.3);
const second = Float64Array.of(0.6, 0.9, 0.5, 0.7, 0.4, 0.45, 0.8, 0.3, 0.2, 0.35, 0.55, 0.1);

/** Scores in [0, 1] of two models, the first of which is better; one row per cluster. */
function twoModels(rows: number) {
  const { labels: y, clusters: c, first: a, second: b } = clusteredScores(rows, 1, randomOf(6));
  const squash = (scores: Float64Array): Float64Array => scores.map((score) => 1 / (1 + Math.exp(-score)));
  return { labels: Array.from(y), clusters: Array.from(c), better: squash(a), worse: squash(b) };
}

describe('a comparison', () => {
  test('has z and p of the published vector', () => {
    const { difference } = compare({ labels, clusters, championScores: second, candidateScores: first });
    expect(difference.value).toBeCloseTo(0.0277777778, 9);
    expect(difference.z).toBeCloseTo(0.14142136, 8);
    expect(difference.p).toBeCloseTo(0.88753708, 8);
  });

  test('counts rows and clusters by class', () => {
    const grouped = labels.map((_, row) => Math.floor(row / 2));
    const found = compare({ labels, clusters: grouped, championScores: second, candidateScores: first });
    expect(found).toMatchObject({
      rows: 12,
      positives: 6,
      negatives: 6,
      clusters: 6,
      positiveClusters: 4,
      negativeClusters: 4,
    });
  });

  test('changes sign and nothing else when the sides are swapped', () => {
    const one = compare({ labels, clusters, championScores: second, candidateScores: first });
    const other = compare({ labels, clusters, championScores: first, candidateScores: second });
    expect(other.difference.value).toBe(-one.difference.value);
    expect(other.difference.p).toBeCloseTo(one.difference.p, 12);
    expect(other.difference.low).toBeCloseTo(-one.difference.high, 12);
    expect(other.champion).toEqual(one.candidate);
  });

  test('finds a better candidate, and no difference if both are the same', () => {
    const { better, worse, ...rows } = twoModels(2_000);
    const found = compare({ ...rows, championScores: worse, candidateScores: better }).difference;
    expect(found.low).toBeGreaterThan(0);
    expect(found.p).toBeLessThan(0.01);
    const same = compare({ ...rows, championScores: worse, candidateScores: worse }).difference;
    expect(same).toEqual({ value: 0, low: 0, high: 0, z: 0, p: 1 });
  });

  test('has p = 1 and no NaN for scores of equal ranks, such as two constants', () => {
    const monotone = second.map((score) => score ** 3);
    const constant = new Float64Array(labels.length).fill(0.3);
    const other = constant.map(() => 0.6);
    for (const [championScores, candidateScores] of [
      [second, monotone],
      [constant, other],
    ] as const) {
      const { difference } = compare({ labels, clusters, championScores, candidateScores });
      expect(difference).toEqual({ value: 0, low: 0, high: 0, z: 0, p: 1 });
    }
  });

  test('has an interval of the requested level', () => {
    const wide = compare({ labels, clusters, championScores: second, candidateScores: first, alpha: 0.01 });
    const usual = compare({ labels, clusters, championScores: second, candidateScores: first });
    const reach = (comparison: typeof wide): number =>
      comparison.difference.high - comparison.difference.value;
    expect(reach(wide) / reach(usual)).toBeCloseTo(2.5758293 / 1.959964, 6);
    expect(usual.alpha).toBe(0.05);
  });

  test('has the whole range as interval if a class has one cluster or no row', () => {
    const one = compare({
      labels: [1, 0, 0],
      clusters: [0, 1, 2],
      championScores: first.slice(0, 3),
      candidateScores: second.slice(0, 3),
    });
    expect(one.difference).toMatchObject({ low: -1, high: 1, z: null, p: 1 });
    expect(one.candidate.auc).toMatchObject({ low: 0, high: 1 });
    const none = compare({
      labels: [0, 0],
      clusters: [0, 1],
      championScores: first.slice(0, 2),
      candidateScores: second.slice(0, 2),
    });
    expect(none.candidate.auc).toEqual({ value: 0.5, low: 0, high: 1 });
    expect(none.difference).toEqual({ value: 0, low: -1, high: 1, z: null, p: 1 });
  });

  test('has p = 0 if both rank without any variance, one correctly and one the wrong way round', () => {
    const right = Float64Array.from(labels);
    const { difference } = compare({
      labels,
      clusters,
      championScores: right.map(() => 0.5),
      candidateScores: right,
    });
    expect(difference).toEqual({ value: 0.5, low: 0.5, high: 0.5, z: null, p: 0 });
  });

  test('is plain JSON without NaN in every case', () => {
    for (const rows of [1, 2, 3, 12]) {
      const part = { labels: labels.slice(-rows), clusters: clusters.slice(-rows) };
      const found = compare({
        ...part,
        championScores: first.slice(-rows),
        candidateScores: second.slice(-rows),
      });
      expect(JSON.parse(canonicalJson(found))).toEqual(found);
    }
  });

  test('never contains NaN, however the classes are spread over the clusters', () => {
    const unit = fc.integer({ min: 0, max: 4 }).map((step) => step / 4);
    const rows = fc.array(fc.tuple(fc.nat(1), fc.nat(3), unit, unit), { minLength: 1, maxLength: 16 });
    fc.assert(
      fc.property(rows, (cells) => {
        const found = compare({
          labels: cells.map(([label]) => label),
          clusters: cells.map(([, cluster]) => cluster),
          championScores: Float64Array.from(cells, ([, , score]) => score),
          candidateScores: Float64Array.from(cells, ([, , , score]) => score),
        });
        // canonicalJson throws for NaN and infinities.
        expect(canonicalJson(found)).not.toBe('');
        expect(found.difference.low).toBeLessThanOrEqual(found.difference.value);
        expect(found.difference.p).toBeLessThanOrEqual(1);
      }),
      { numRuns: 2_000 },
    );
  });

  test('of no row is refused', () => {
    const nothing = {
      labels: [],
      clusters: [],
      championScores: new Float64Array(),
      candidateScores: new Float64Array(),
    };
    expect(() => compare(nothing)).toThrow(TidegateError);
  });
});

describe('realised performance', () => {
  const frame = { ...frameOf({ x: [...first] }, labels), clusters: Uint32Array.from(clusters) };

  test('is the same as in a comparison of the same scores', () => {
    const { champion } = compare({ labels, clusters, championScores: first, candidateScores: second });
    const performance = measure(frame, allRows(frame), first);
    expect(performance).toMatchObject({ ...champion, rows: 12, positives: 6 });
  });

  test('is measured on the given rows only, in their order', () => {
    const rows = Uint32Array.of(11, 0, 6, 10);
    const performance = measure(frame, rows, Float64Array.of(0.1, 0.9, 0.2, 0.8));
    expect(performance).toMatchObject({ rows: 4, positives: 2, auc: { value: 1 } });
  });

  test('has a log loss but no AUC if all rows are of one class', () => {
    const performance = measure(frame, Uint32Array.of(0, 1), Float64Array.of(0.5, 0.5));
    expect(performance.auc).toBeNull();
    expect(performance.logLoss).toBeCloseTo(Math.LN2, 12);
  });

  test('names the binning of its calibration error', () => {
    expect(measure(frame, allRows(frame), first).eceBinning).toBe('10 equal-count bins');
  });

  test('of no row is refused', () => {
    expect(() => measure(frame, new Uint32Array(), new Float64Array())).toThrow(TidegateError);
  });
});
