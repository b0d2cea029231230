// The curves that are stored with a comparison.
import { describe, expect, it } from 'vitest';
import { auc } from '../../../domain/data/math/auc.ts';
import { curvesOf } from '../../../domain/learning/compare/curves.ts';
import { expectedCalibrationError } from '../../../domain/learning/metrics/brier.ts';
import { Random } from '../../../domain/random.ts';

describe('curves of a comparison', () => {
  const random = new Random(7, 1, 1);
  const scores = Float64Array.from({ length: 3_000 }, () => random.uniform());
  const labels = Uint8Array.from(scores, (score) => (random.uniform() < score ** 2 ? 1 : 0));
  const { roc, calibration, scores: shares } = curvesOf(labels, scores);

  it('have an ROC curve that ascends from 0 to 1 and encloses the AUC', () => {
    expect(roc).toHaveLength(51);
    expect(roc).toEqual([...roc!].sort((a, b) => a - b));
    expect(roc!.at(-1)).toBe(1);
    const area = roc!.slice(1).reduce((sum, y, at) => sum + (y + roc![at]!) / 2 / 50, 0);
    expect(area).toBeCloseTo(auc(labels, scores)!, 2);
  });

  it('have calibration bins that give the expected calibration error', () => {
    const error = calibration.reduce(
      (sum, { rows, predicted, observed }) => sum + (rows / 3_000) * Math.abs(predicted - observed),
      0,
    );
    expect(calibration).toHaveLength(10);
    expect(error).toBeCloseTo(expectedCalibrationError(labels, scores), 3);
  });

  it('have score distributions that add up to all rows', () => {
    const total = [...shares.positive, ...shares.negative].reduce((sum, share) => sum + share, 0);
    expect(total).toBeCloseTo(1, 2);
    expect(shares.positive[19]).toBeGreaterThan(shares.negative[19]!);
  });

  it('run straight through rows of equal score, whatever their order', () => {
    const tied = curvesOf([1, 0, 1, 0], Float64Array.of(0.5, 0.5, 0.5, 0.5));
    expect(tied.roc?.filter((_, at) => at % 10 === 0)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
    expect(tied.calibration).toEqual([{ rows: 4, predicted: 0.5, observed: 0.5 }]);
  });

  it('rise vertically for a perfect model, and are absent for a single class', () => {
    expect(curvesOf([0, 1], Float64Array.of(0, 1)).roc?.[0]).toBe(1);
    expect(curvesOf([1, 1], Float64Array.of(0, 1)).roc).toBeNull();
  });
});
