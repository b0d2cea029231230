// Folds by cluster: the same for the same seed, each with both classes, and fewer folds if that is not possible.
import { expect, test } from 'vitest';
import { foldsOf } from '../../../domain/learning/resample/folds.ts';

const rowsTo = (length: number): Uint32Array => Uint32Array.from({ length }, (_, row) => row);

function clustered(rows: number, isPositive: (row: number) => boolean) {
  return {
    clusters: Uint32Array.from({ length: rows }, (_, row) => Math.floor(row / 4)),
    labels: Uint8Array.from({ length: rows }, (_, row) => Number(isPositive(row))),
  };
}

test('each row is in one fold, and no cluster is in two folds', () => {
  const frame = clustered(1_000, (row) => row % 3 === 0);
  const rows = rowsTo(900).map((at) => at + 50);
  const { folds, reason } = foldsOf(frame, rows, { seed: 3 });
  expect(reason).toBeNull();
  expect(folds).toHaveLength(5);
  expect(Uint32Array.from(folds.flatMap(({ outside }) => [...outside])).sort()).toEqual(rows);
  for (const { inside, outside } of folds) {
    expect(inside.length + outside.length).toBe(900);
    const held = new Set(outside.map((row) => frame.clusters[row]!));
    expect([...inside].some((row) => held.has(frame.clusters[row]!))).toBe(false);
  }
});

test('only the seed decides: removing rows does not move others to another fold', () => {
  const frame = clustered(1_000, (row) => row % 3 === 0);
  const dealt = foldsOf(frame, rowsTo(1_000), { seed: 3 });
  expect(foldsOf(frame, rowsTo(1_000), { seed: 3 })).toEqual(dealt);
  expect(foldsOf(frame, rowsTo(1_000), { seed: 4 })).not.toEqual(dealt);
  const half = foldsOf(frame, rowsTo(500), { seed: 3 });
  expect(half.folds[2]!.outside).toEqual(dealt.folds[2]!.outside.filter((row) => row < 500));
});

test('there are as many folds as requested, and an invalid count is refused', () => {
  const frame = clustered(1_000, (row) => row % 3 === 0);
  expect(foldsOf(frame, rowsTo(1_000), { seed: 3, count: 8 }).folds).toHaveLength(8);
  for (const count of [1, 2.5, 51, NaN])
    expect(() => foldsOf(frame, rowsTo(1_000), { seed: 3, count })).toThrow(RangeError);
});

test('a sample of whole clusters is used if there are many rows', () => {
  const frame = clustered(100_000, (row) => row % 3 === 0);
  const { folds } = foldsOf(frame, rowsTo(100_000), { seed: 3, maxRows: 20_000 });
  const dealt = new Set(folds.flatMap(({ outside }) => [...outside]));
  expect(dealt.size).toBeGreaterThan(19_000);
  expect(dealt.size).toBeLessThan(21_000);
  for (const row of dealt)
    for (let at = 0; at < 4; at += 1) expect(dealt.has(row - (row % 4) + at)).toBe(true);
});

test('there are fewer folds, with the reason, if positives are in few clusters', () => {
  const frame = clustered(1_000, (row) => row < 12);
  const { folds, reason } = foldsOf(frame, rowsTo(1_000), { seed: 3 });
  expect(folds.length).toBeGreaterThanOrEqual(2);
  expect(folds.length).toBeLessThanOrEqual(3);
  expect(reason).toBe(
    `${folds.length} folds instead of 5: with more folds, one would have no rows of a class`,
  );
  for (const { inside, outside } of folds)
    for (const rows of [inside, outside]) expect(new Set(rows.map((row) => frame.labels[row]!)).size).toBe(2);
});

test('there are no folds for one cluster, one class or no row', () => {
  const none = { folds: [], reason: 'even with 2 folds, one would have no rows of a class' };
  const oneCluster = { labels: Uint8Array.from(rowsTo(10), (row) => row % 2), clusters: new Uint32Array(10) };
  expect(foldsOf(oneCluster, rowsTo(10), { seed: 3 })).toEqual(none);
  expect(
    foldsOf(
      clustered(400, () => true),
      rowsTo(400),
      { seed: 3 },
    ),
  ).toEqual(none);
  expect(
    foldsOf(
      clustered(400, () => true),
      rowsTo(0),
      { seed: 3 },
    ),
  ).toEqual(none);
});
