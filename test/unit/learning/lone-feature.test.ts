// How well a single feature predicts the label.
import { describe, expect, test } from 'vitest';
import { evenlyByClass } from '../../../domain/learning/leak-alarm.ts';
import { foldsOf } from '../../../domain/learning/resample/folds.ts';
import { measureLoneFeature, type LoneFeature } from '../../../domain/learning/lone-feature.ts';
import { frameOf, randomOf, type Values } from '../drift/frame-of.ts';

const ROWS = 2_000;
const random = randomOf(3);
const labels = Array.from({ length: ROWS }, () => (random() < 0.3 ? 1 : 0));
const noise = Float64Array.from({ length: ROWS }, () => random());

function judge(values: Values, of: readonly number[] = labels, perCluster = 1): LoneFeature | null {
  const frame = { ...frameOf({ x: values }, of) };
  const clustered = { ...frame, clusters: Uint32Array.from(of, (_, row) => Math.floor(row / perCluster)) };
  const rows = Uint32Array.from({ length: frame.rows }, (_, row) => row);
  return measureLoneFeature(frame.features[0]!, {
    frame: clustered,
    folds: foldsOf(clustered, rows, { seed: 1 }).folds,
  });
}

describe('a feature that is the label in disguise', () => {
  test('is found by its order, ascending or descending', () => {
    for (const sign of [1, -1]) {
      const found = judge(Float64Array.from(labels, (label, row) => sign * (label + 0.5 * noise[row]!)));
      expect(found).toMatchObject({ measure: 'order', auc: { value: 1, low: 1 } });
    }
  });

  test('is found as a category', () => {
    expect(judge(labels.map((label) => (label === 1 ? 'closed' : 'open')))).toMatchObject({
      measure: 'rate',
      auc: { value: 1 },
    });
  });

  test('is found as a value that only one class has', () => {
    const found = judge(Float64Array.from(labels, (label, row) => (label === 1 ? noise[row]! : NaN)));
    expect(found).toMatchObject({ measure: 'rate', auc: { value: 1 } });
  });

  test('is found as a middle range that no order shows', () => {
    const found = judge(
      Float64Array.from(labels, (label, row) =>
        label === 1 ? 0.3 * noise[row]! - 0.15 : noise[row]! < 0.5 ? -1 - noise[row]! : 1 + noise[row]!,
      ),
    );
    expect(found?.measure).toBe('rate');
    expect(found!.auc.low).toBeGreaterThan(0.95);
  });

  test('is found with ±1e308 among its values', () => {
    const found = judge(Float64Array.from(labels, (label) => (label === 1 ? 1e308 : -1e308)));
    expect(found).toMatchObject({ auc: { value: 1 } });
  });
});

describe('a feature unrelated to the label has an AUC near one half', () => {
  test.each<[string, Values]>([
    ['noise', noise],
    ['a constant', new Float64Array(ROWS).fill(4)],
    ['all missing', new Float64Array(ROWS).fill(NaN)],
    ['an id of every row', Array.from({ length: ROWS }, (_, row) => `id-${row}`)],
  ])('%s', (_name, values) => {
    expect(Math.abs(judge(values)!.auc.value - 0.5)).toBeLessThan(0.06);
  });
});

test('an id per cluster has an AUC near one half, because no cluster is split between folds', () => {
  const ofCluster = Array.from({ length: ROWS }, (_, row) => (Math.floor(row / 4) % 3 === 0 ? 1 : 0));
  const ids = ofCluster.map((_, row) => `id-${Math.floor(row / 4)}`);
  expect(judge(ids, ofCluster, 4)!.auc.high).toBeLessThan(0.6);
  // Without clusters it would predict the label perfectly.
  expect(judge(ids, ofCluster)!.auc.low).toBeGreaterThan(0.95);
});

test('there is no result with nineteen clusters of a class', () => {
  const few = labels.map((_, row) => (row < 19 ? 1 : 0));
  expect(judge(Float64Array.from(few), few)).toBeNull();
});

test('a sample of many rows is evenly spaced, and contains all rows of a rare class', () => {
  const of = Uint8Array.from({ length: 1_000 }, (_, row) => (row % 100 === 0 ? 1 : 0));
  const rows = Uint32Array.from({ length: 1_000 }, (_, row) => row);
  const drawn = evenlyByClass(of, rows, 99);
  expect(drawn.filter((row) => of[row] === 1)).toHaveLength(10);
  expect(drawn.filter((row) => of[row] === 0)).toHaveLength(99);
  expect([...drawn]).toEqual([...drawn].sort((a, b) => a - b));
  const gaps = [...drawn.filter((row) => of[row] === 0)].map(
    (row, at, all) => row - (all[at - 1] ?? row - 10),
  );
  expect(Math.max(...gaps)).toBeLessThanOrEqual(12);
  expect(evenlyByClass(of, rows, 10_000)).toEqual(rows);
});
