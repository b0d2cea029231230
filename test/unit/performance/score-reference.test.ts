// The score reference: bounded, the same for the same rows and seed, and read back to the bit.
import { expect, test } from 'vitest';
import { foldsOf } from '../../../domain/learning/folds.ts';
import { countLabelsOf, NO_ROWS } from '../../../domain/performance/label-counts.ts';
import { decodeScores, encodeScores, freezeScores } from '../../../domain/performance/score-reference.ts';
import { NO_LABEL } from '../../../domain/features/frame.ts';
import { randomOf } from '../drift/frame-of.ts';

function scored(rows: number, timeOf: (row: number) => number = () => 0) {
  const random = randomOf(rows);
  return {
    scores: Float64Array.from({ length: rows }, random),
    labels: Uint8Array.from({ length: rows }, () => Number(random() < 0.3)),
    times: BigInt64Array.from({ length: rows }, (_, row) => BigInt(timeOf(row))),
  };
}

test('every bit comes back from its JSON', () => {
  const reference = freezeScores('out of fold', scored(2_000), 7);
  expect(decodeScores(JSON.parse(JSON.stringify(encodeScores(reference))) as never)).toEqual(reference);
});

test('another format is refused', () => {
  const encoded = { ...encodeScores(freezeScores('holdout', scored(10), 7)), format: 2 };
  expect(() => decodeScores(encoded as never)).toThrow(
    'the score reference has format 2; this Tidegate reads 1',
  );
});

test('at most 20,000 rows are kept one by one, and all are in the profile', () => {
  const { scores, labels, profile } = freezeScores('holdout', scored(50_000), 7);
  expect([scores.length, labels.length, profile.rows]).toEqual([20_000, 20_000, 50_000]);
  const bytes = Buffer.byteLength(JSON.stringify(encodeScores(freezeScores('holdout', scored(50_000), 7))));
  expect(bytes).toBeLessThan(400_000);
});

test('rows stand in the order of their times, and those of one time in an order of the seed, labels with them', () => {
  const rows = scored(1_000, (row) => row % 2);
  const pairOf = new Map(Array.from(rows.scores, (score, row) => [score, row]));
  const { scores, labels } = freezeScores('holdout', rows, 7);
  const order = Array.from(scores, (score) => pairOf.get(score)!);
  expect(order.slice(0, 500).every((row) => row % 2 === 0)).toBe(true);
  expect(order.slice(0, 500)).not.toEqual(order.slice(0, 500).toSorted((a, b) => a - b));
  expect([...labels]).toEqual(order.map((row) => rows.labels[row]));
  expect(freezeScores('holdout', rows, 7).scores).toEqual(scores);
  expect(freezeScores('holdout', rows, 8).scores).not.toEqual(scores);
});

test('folds hold each row once, and no cluster in two of them', () => {
  const clusters = Uint32Array.from({ length: 1_000 }, (_, row) => Math.floor(row / 4));
  const rows = Uint32Array.from({ length: 900 }, (_, at) => at + 50);
  const folds = foldsOf(clusters, rows, 3);
  expect(folds).toHaveLength(5);
  expect(Uint32Array.from(folds.flatMap(({ outside }) => [...outside])).sort()).toEqual(rows);
  for (const { inside, outside } of folds) {
    expect(inside.length + outside.length).toBe(900);
    const held = new Set(outside.map((row) => clusters[row]!));
    expect([...inside].some((row) => held.has(clusters[row]!))).toBe(false);
  }
});

test('of many rows a part is dealt, whole clusters, and of one cluster no fold is made', () => {
  const clusters = Uint32Array.from({ length: 100_000 }, (_, row) => Math.floor(row / 4));
  const rows = Uint32Array.from(clusters.keys());
  const dealt = new Set(foldsOf(clusters, rows, 3).flatMap(({ outside }) => [...outside]));
  expect(dealt.size).toBeGreaterThan(19_000);
  expect(dealt.size).toBeLessThan(21_000);
  for (const row of dealt)
    for (let at = 0; at < 4; at += 1) expect(dealt.has(row - (row % 4) + at)).toBe(true);
  expect(
    foldsOf(
      new Uint32Array(10),
      Uint32Array.from({ length: 10 }, (_, at) => at),
      3,
    ),
  ).toEqual([]);
});

test('a label is awaited up to its delay, to the instant, and overdue from then', () => {
  const until = new Date('2024-01-31T00:00:00Z');
  const at = BigInt(until.getTime()) * 1_000n;
  const labels = Uint8Array.of(0, 1, NO_LABEL, NO_LABEL, NO_LABEL);
  const times = BigInt64Array.of(0n, at + 5n, at, at + 1n, at - 1n);
  const counted = countLabelsOf(NO_ROWS, labels, times, until);
  expect(counted).toEqual({ rows: 5, mature: 2, awaited: 1, overdue: 2 });
  expect(countLabelsOf(counted, labels, times, until)).toEqual({
    rows: 10,
    mature: 4,
    awaited: 2,
    overdue: 4,
  });
});
