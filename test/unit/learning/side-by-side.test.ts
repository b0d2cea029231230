// The measures other than the AUC: their values, and paired and repeatable intervals.
import { expect, test } from 'vitest';
import { canonicalJson } from '../../../domain/canonical-json.ts';
import { sideBySide } from '../../../domain/learning/compare/side-by-side.ts';
import { calibrationOf } from '../../../domain/learning/metrics/performance.ts';
import { randomOf } from '../drift/frame-of.ts';
import { clusteredScores } from './clustered-scores.ts';

const squash = (scores: Float64Array): Float64Array => scores.map((score) => 1 / (1 + Math.exp(-score)));
const { labels, clusters, first, second } = clusteredScores(300, 3, randomOf(4));
const input = {
  labels,
  clusters,
  championScores: squash(second),
  candidateScores: squash(first),
  prior: 0.4,
  seed: 7,
};
const found = sideBySide(input);

/** Average precision by its definition: the precision at each score, weighted by the positives with that score. */
function averagePrecision(of: ArrayLike<number>, scores: Float64Array): number {
  const positives = Array.from(of).filter((label) => label === 1).length;
  const steps = [...new Set(scores)].map((threshold) => {
    const called = Array.from(of).filter((_, row) => scores[row]! >= threshold);
    const gained = Array.from(of).filter((label, row) => label === 1 && scores[row] === threshold).length;
    return (gained / positives) * (called.filter((label) => label === 1).length / called.length);
  });
  return steps.reduce((sum, step) => sum + step, 0);
}

test('every side has the same values as when its scores are measured separately', () => {
  for (const [side, scores] of [
    [found.champion, input.championScores],
    [found.candidate, input.candidateScores],
    [found.baseline, new Float64Array(900).fill(0.4)],
  ] as const) {
    const { logLoss, brier, ece } = calibrationOf(labels, scores);
    expect(side.logLoss.value).toBeCloseTo(logLoss, 12);
    expect(side.brier.value).toBeCloseTo(brier, 12);
    expect(side.ece.value).toBeCloseTo(ece, 12);
    expect(side.prAuc.value).toBeCloseTo(averagePrecision(labels, scores), 12);
    for (const { value, low, high } of [side.logLoss, side.brier, side.ece, side.prAuc]) {
      expect(low).toBeLessThanOrEqual(value);
      expect(high).toBeGreaterThanOrEqual(value);
    }
  }
});

test('differences are paired: narrower than separate intervals, and zero if both models are the same', () => {
  const width = ({ low, high }: { low: number; high: number }): number => high - low;
  const apart = Math.hypot(width(found.champion.logLoss), width(found.candidate.logLoss));
  expect(width(found.difference.logLoss)).toBeLessThan(apart);
  const same = sideBySide({ ...input, championScores: input.candidateScores }).difference;
  for (const one of Object.values(same)) expect(one).toEqual({ value: 0, low: 0, high: 0 });
});

test('the same seed gives the same bytes, and the result says how often it drew', () => {
  expect(canonicalJson(sideBySide(input))).toBe(canonicalJson(found));
  expect(found.bootstrap).toEqual({ replicates: 1_000, seed: 7, level: 0.95 });
  const other = sideBySide({ ...input, seed: 8 });
  expect(other.candidate.logLoss.value).toBe(found.candidate.logLoss.value);
  expect(other.candidate.logLoss.low).not.toBe(found.candidate.logLoss.low);
});

test('rows of a cluster are drawn together, so repeating them does not narrow the intervals', () => {
  const three = <T>(values: ArrayLike<T>): T[] =>
    Array.from(values).flatMap((value) => [value, value, value]);
  const repeated = sideBySide({
    ...input,
    labels: three(labels),
    clusters: three(clusters),
    championScores: Float64Array.from(three(input.championScores)),
    candidateScores: Float64Array.from(three(input.candidateScores)),
  });
  expect(repeated.candidate.brier.low).toBeCloseTo(found.candidate.brier.low, 10);
  expect(repeated.candidate.brier.high).toBeCloseTo(found.candidate.brier.high, 10);
});

test('one class or one row give numbers, never NaN', () => {
  for (const label of [0, 1]) {
    const scores = Float64Array.of(0.5, 1, 0);
    const one = {
      labels: [label, label, label],
      clusters: [0, 1, 1],
      championScores: scores,
      candidateScores: scores,
    };
    // canonicalJson throws for NaN and infinities.
    expect(canonicalJson(sideBySide({ ...one, prior: 0.3, seed: 1 }))).not.toBe('');
  }
});
