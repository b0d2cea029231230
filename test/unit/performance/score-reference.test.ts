// The score reference: limited in size, the same for the same rows and seed, and decoded to the bit.
import { expect, test } from 'vitest';
import { countLabelsOf, NO_ROWS } from '../../../domain/performance/label-counts.ts';
import { decodeScores, encodeScores, freezeScores } from '../../../domain/performance/score-reference.ts';
import { NO_LABEL } from '../../../domain/data/frame.ts';
import { randomOf } from '../drift/frame-of.ts';

function scored(rows: number, timeOf: (row: number) => number = () => 0) {
  const random = randomOf(rows);
  return {
    scores: Float64Array.from({ length: rows }, random),
    labels: Uint8Array.from({ length: rows }, () => Number(random() < 0.3)),
    times: BigInt64Array.from({ length: rows }, (_, row) => BigInt(timeOf(row))),
  };
}

test('a score reference is bit for bit the same after a round trip through JSON', () => {
  const reference = freezeScores('out of fold', scored(2_000), 7);
  expect(decodeScores(JSON.parse(JSON.stringify(encodeScores(reference))) as never)).toEqual(reference);
});

test('a score reference of another format is refused', () => {
  const encoded = { ...encodeScores(freezeScores('holdout', scored(10), 7)), format: 2 };
  expect(() => decodeScores(encoded as never)).toThrow(
    'the score reference has format 2; this Tidegate reads 1',
  );
});

test('at most 20,000 individual rows are kept, and all rows are in the profile', () => {
  const { scores, labels, profile } = freezeScores('holdout', scored(50_000), 7);
  expect([scores.length, labels.length, profile.rows]).toEqual([20_000, 20_000, 50_000]);
  const bytes = Buffer.byteLength(JSON.stringify(encodeScores(freezeScores('holdout', scored(50_000), 7))));
  expect(bytes).toBeLessThan(400_000);
});

test('rows and their labels are sorted by time, and rows of the same time are shuffled by the seed', () => {
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

test('a label is awaited until exactly its delay, and overdue afterwards', () => {
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
