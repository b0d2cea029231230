// Platt scaling, checked by the conditions of its optimum.
import { expect, test } from 'vitest';
import {
  calibrated,
  fitPlatt,
  logOddsOf,
  smoothedTargets,
} from '../../../domain/learning/artifact/calibration-map.ts';
import { randomOf } from '../drift/frame-of.ts';

const random = randomOf(5);
const scores = Float64Array.from({ length: 4_000 }, () => random());
/** Labels whose true log-odds are `slope` times those of the score, plus `intercept`. */
const labelled = (slope: number, intercept: number): Uint8Array =>
  Uint8Array.from(scores, (score) =>
    Number(random() < 1 / (1 + Math.exp(-(slope * logOddsOf(score) + intercept)))),
  );

test('the smoothed targets are those of Platt (1999)', () => {
  expect(smoothedTargets([1, 1, 1, 0])).toEqual({ positive: 4 / 5, negative: 1 / 3 });
});

test('changing slope or intercept does not lower the loss at the optimum', () => {
  const labels = labelled(0.5, -1);
  const map = fitPlatt(scores, labels)!;
  const { positive, negative } = smoothedTargets(labels);
  let [bySlope, byIntercept] = [0, 0];
  scores.forEach((score, row) => {
    const away = calibrated(map, score) - (labels[row] === 1 ? positive : negative);
    bySlope += away * logOddsOf(score);
    byIntercept += away;
  });
  expect(Math.abs(bySlope) / scores.length).toBeLessThan(1e-8);
  expect(Math.abs(byIntercept) / scores.length).toBeLessThan(1e-8);
  expect(map.slope).toBeGreaterThan(0.4);
  expect(map.slope).toBeLessThan(0.6);
  expect(map.intercept).toBeGreaterThan(-1.15);
  expect(map.intercept).toBeLessThan(-0.85);
});

test('scores that are already probabilities hardly change', () => {
  const map = fitPlatt(scores, labelled(1, 0))!;
  for (const score of [0.05, 0.3, 0.5, 0.9]) expect(calibrated(map, score)).toBeCloseTo(score, 1);
});

test('there is no curve for scores that are equal or rank the wrong way round', () => {
  expect(fitPlatt(new Float64Array(10).fill(0.4), [1, 0, 1, 0, 1, 0, 1, 0, 1, 0])).toBeNull();
  expect(fitPlatt(scores, labelled(-1, 0))).toBeNull();
});

test('separated classes and scores of 0 and 1 have finite curves with values strictly between 0 and 1', () => {
  const parted = Float64Array.of(0, 0, 1e-300, 0.2, 0.8, 1, 1, 1);
  const map = fitPlatt(parted, [0, 0, 0, 0, 1, 1, 1, 1])!;
  const mapped = parted.map((score) => calibrated(map, score));
  for (const probability of mapped) {
    expect(probability).toBeGreaterThan(0);
    expect(probability).toBeLessThan(1);
  }
  expect([...mapped]).toEqual([...mapped].sort((a, b) => a - b));
});

test('the curve agrees with that of scikit-learn 1.9.1, _sigmoid_calibration of the log-odds', () => {
  const lattice = Float64Array.from({ length: 200 }, (_, row) => 0.02 + (0.96 * ((row * 79) % 200)) / 200);
  const labels = lattice.map((score, row) => Number(((row * 37) % 101) / 101 < score ** 2));
  const map = fitPlatt(lattice, labels)!;
  // scikit-learn stops earlier, at a gradient that does not determine the eighth digit.
  expect(map.slope).toBeCloseTo(1.0935696578162564, 7);
  expect(map.intercept).toBeCloseTo(-0.9801109401984427, 7);
});
