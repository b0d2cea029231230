// Brier score, log loss and expected calibration error against known values.
import { describe, expect, test } from 'vitest';
import { brier, expectedCalibrationError, logLoss } from '../../../domain/learning/metrics/brier.ts';
import { randomOf } from '../drift/frame-of.ts';

describe('the Brier score', () => {
  test('is the mean squared distance', () => {
    expect(brier([0, 1], Float64Array.of(0.1, 0.8))).toBeCloseTo(0.025, 15);
    expect(brier([0, 1], Float64Array.of(0, 1))).toBe(0);
    expect(brier([0, 1], Float64Array.of(1, 0))).toBe(1);
  });
});

describe('log loss', () => {
  test('is ln 2 for scores of one half', () => {
    expect(logLoss([0, 1], Float64Array.of(0.5, 0.5))).toBeCloseTo(Math.LN2, 15);
  });

  test('is finite for a wrong score of exactly 0 or 1', () => {
    expect(logLoss([1], Float64Array.of(0))).toBeCloseTo(36.04365338911715, 9);
    expect(logLoss([0], Float64Array.of(1))).toBeCloseTo(36.04365338911715, 9);
    expect(logLoss([1], Float64Array.of(1))).toBeCloseTo(0, 12);
  });
});

describe('the expected calibration error', () => {
  const scores = Float64Array.from({ length: 100 }, (_, row) => (row + 0.5) / 100);

  test('is the mean gap of ten bins of equal count', () => {
    // Each of the ten bins has the mean score (bin + ½)/10; its rate is 0 below the middle and 1 above.
    const labels = Array.from(scores, (score) => Number(score > 0.5));
    const gaps = Array.from({ length: 10 }, (_, bin) => Math.abs((bin + 0.5) / 10 - Number(bin >= 5)));
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / 10;
    expect(expectedCalibrationError(labels, scores)).toBeCloseTo(mean, 12);
  });

  test('is near 0 for labels drawn from the scores, but not if all scores are too high', () => {
    const random = randomOf(2);
    const many = Float64Array.from({ length: 20_000 }, random);
    const labels = Array.from(many, (score) => Number(random() < score));
    expect(expectedCalibrationError(labels, many)).toBeLessThan(0.02);
    const high = many.map((score) => 0.2 + 0.8 * score);
    expect(expectedCalibrationError(labels, high)).toBeGreaterThan(0.08);
  });

  test('is |score − rate| for a constant score', () => {
    expect(expectedCalibrationError([0, 1, 0, 0], new Float64Array(4).fill(0.25))).toBe(0);
    expect(expectedCalibrationError([1, 1, 0, 0], new Float64Array(4).fill(0.25))).toBe(0.25);
  });

  test('does not depend on the order of rows, with and without ties', () => {
    const tied = scores.map((score) => Math.round(score * 7) / 7);
    const labels = Array.from(scores, (_, row) => Number((row * 37) % 100 < 40));
    const backwards = expectedCalibrationError([...labels].reverse(), tied.toReversed());
    expect(backwards).toBeCloseTo(expectedCalibrationError(labels, tied), 12);
  });

  test('measures fewer rows than bins, each in a bin of its own', () => {
    expect(expectedCalibrationError([0, 1, 1], Float64Array.of(0.1, 0.5, 0.8))).toBeCloseTo(0.8 / 3, 12);
  });
});
