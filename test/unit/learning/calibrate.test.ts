// Choosing the map that turns scores into probabilities.
import { describe, expect, test } from 'vitest';
import { calibrated } from '../../../domain/learning/artifact/calibration-map.ts';
import { chooseCalibration, type OutOfFold } from '../../../domain/learning/artifact/calibrate.ts';
import { randomOf } from '../drift/frame-of.ts';

/** Rows whose probability is `truth` of their score, split into five folds. */
function rowsOf(count: number, truth: (score: number) => number, perCluster = 1): OutOfFold {
  const random = randomOf(count);
  const scores = Float64Array.from({ length: count }, () => random());
  const clusters = Uint32Array.from(scores, (_, row) => Math.floor(row / perCluster));
  return {
    scores,
    labels: Uint8Array.from(scores, (score) => Number(random() < truth(score))),
    clusters,
    folds: Uint8Array.from(clusters, (cluster) => cluster % 5),
  };
}

const honest = (score: number): number => score;
/** Overconfident scores: the true log-odds are half as large. */
const stretched = (score: number): number => 1 / (1 + Math.sqrt((1 - score) / score));
/** A step function, which no logistic curve fits. */
const steps = (score: number): number => (score < 0.3 ? 0.05 : score < 0.8 ? 0.5 : 0.6);

describe('calibration auto', () => {
  test('leaves scores unchanged if they are already probabilities', () => {
    const chosen = chooseCalibration('auto', rowsOf(6_000, honest));
    expect(chosen).toMatchObject({ map: { kind: 'none' }, logLoss: null });
    expect(chosen.why).toBe('platt or isotonic would not make the scores significantly better');
  });

  test('chooses Platt if the log-odds are stretched', () => {
    const chosen = chooseCalibration('auto', rowsOf(6_000, stretched));
    expect(chosen.map.kind).toBe('platt');
    expect(chosen.logLoss!.after).toBeLessThan(chosen.logLoss!.before);
    expect(chosen.why).toMatch(
      /^significantly better than any simpler map: platt changes the out-of-fold log loss from 0\.\d{4}/,
    );
  });

  test('chooses isotonic if no logistic curve fits', () => {
    expect(chooseCalibration('auto', rowsOf(6_000, steps)).map.kind).toBe('isotonic');
  });

  test('does not try isotonic with fewer than a thousand rows of a class', () => {
    expect(chooseCalibration('auto', rowsOf(1_200, steps)).map.kind).toBe('platt');
  });

  test('chooses none with fewer than fifty clusters of a class, and says so', () => {
    const few = chooseCalibration('auto', rowsOf(2_000, stretched, 50));
    expect(few.map).toEqual({ kind: 'none' });
    expect(few.why).toMatch(
      /^\d\d positive and \d\d negative clusters are too few: at least 50 of each class are needed$/,
    );
    expect(chooseCalibration('auto', rowsOf(40, stretched)).why).toMatch(
      /too few: at least 50 of each class/,
    );
  });

  test('is not affected by rows that repeat within a cluster', () => {
    const once = rowsOf(500, (score) => 1 / (1 + ((1 - score) / score) ** 0.8));
    const repeated = <T extends Float64Array | Uint8Array | Uint32Array>(values: T): T => {
      const longer = new (values.constructor as new (length: number) => T)(30 * values.length);
      for (let time = 0; time < 30; time += 1) longer.set(values, time * values.length);
      return longer;
    };
    const often: OutOfFold = {
      scores: repeated(once.scores),
      labels: repeated(once.labels),
      clusters: repeated(once.clusters),
      folds: repeated(once.folds),
    };
    expect(chooseCalibration('auto', once).map.kind).toBe('none');
    expect(chooseCalibration('auto', often).map.kind).toBe('none');
    // If every row were a cluster of its own, the gain would be significant.
    const alone = { ...often, clusters: Uint32Array.from(often.scores.keys()) };
    expect(chooseCalibration('auto', alone).map.kind).toBe('platt');
  });
});

describe.each(['platt', 'isotonic'] as const)('calibration %s', (asked) => {
  const rows = rowsOf(4_000, stretched);
  const { map, why } = chooseCalibration(asked, rows);

  test('is fitted as asked', () => {
    expect(map.kind).toBe(asked);
    expect(why).toMatch(new RegExp(`^as the definition asks: ${asked} changes the out-of-fold log loss`));
  });

  test('is stored with its row counts and losses, but without any row', () => {
    const stored = chooseCalibration(asked, rows);
    expect(Object.keys(stored).sort()).toEqual(['asked', 'logLoss', 'map', 'positives', 'rows', 'why']);
    expect(Object.keys(chooseCalibration('auto', rows)).sort()).toEqual(Object.keys(stored).sort());
    expect(JSON.stringify(stored).length).toBeLessThan(20_000);
  });

  test('keeps the order of scores, and no probability is exactly 0 or 1', () => {
    const mapped = Float64Array.from(rows.scores)
      .sort()
      .map((score) => calibrated(map, score));
    for (let row = 1; row < mapped.length; row += 1) {
      expect(mapped[row]!).toBeGreaterThanOrEqual(mapped[row - 1]!);
    }
    expect(calibrated(map, 0)).toBeGreaterThan(0);
    expect(calibrated(map, 1)).toBeLessThan(1);
  });

  test.each([
    ['equal scores', { ...rows, scores: rows.scores.map(() => 0.3) }],
    ['scores the wrong way round', { ...rows, labels: rows.labels.map((label) => 1 - label) }],
  ])('%s are left unchanged', (_name, odd) => {
    const chosen = chooseCalibration(asked, odd);
    expect(chosen.map).toEqual({ kind: 'none' });
    expect(chosen.why).toMatch(/^no map keeps the order of the scores/);
  });
});

test('the same rows give the same bytes', () => {
  const json = (): string => JSON.stringify(chooseCalibration('auto', rowsOf(3_000, steps)));
  expect(json()).toBe(json());
});

test('isotonic agrees with scikit-learn 1.9.1 on the smoothed targets', () => {
  const scores = Float64Array.from({ length: 200 }, (_, row) => 0.02 + (0.96 * ((row * 79) % 200)) / 200);
  const labels = Uint8Array.from(scores, (score, row) => Number(((row * 37) % 101) / 101 < score ** 2));
  const clusters = Uint32Array.from(scores.keys());
  const folds = Uint8Array.from(clusters, (cluster) => cluster % 5);
  const { map } = chooseCalibration('isotonic', { scores, labels, clusters, folds });
  const expected = [
    [0, 0.03254606090426978],
    [0.35, 0.1367316478830334],
    [0.5, 0.17050461975835104],
    [0.7, 0.4048773987206823],
    [0.9, 0.7993806477814985],
    [1, 0.9857142857142858],
  ] as const;
  for (const [score, probability] of expected) expect(calibrated(map, score)).toBeCloseTo(probability, 12);
});
