// The cutoff time: with half of the rows after it if that is enough, otherwise with as many as possible.
import { expect, test } from 'vitest';
import { type Frame } from '../../../domain/data/frame.ts';
import { cutoffTime } from '../../../domain/learning/cutoff-time.ts';

/** `counts[day]` rows on each of the days 1, 2, …; each row is a cluster, and every other one is positive. */
function framed(...counts: number[]): Frame {
  const days = counts.flatMap((count, day) => Array.from({ length: count }, () => BigInt(day + 1)));
  return {
    rows: days.length,
    features: [],
    labels: Uint8Array.from(days, (_, row) => row % 2),
    holdout: new Uint8Array(days.length).fill(1),
    clusters: Uint32Array.from(days.keys()),
    times: BigInt64Array.from(days, (day) => day * 86_400_000_000n),
  };
}
const dayOfCut = (frame: Frame): number | null => {
  const { cut } = cutoffTime(frame);
  return cut === null ? null : Number(cut / 86_400_000_000n);
};

test('the cutoff time leaves at least half of the rows after it', () => {
  expect(dayOfCut(framed(200, 200, 200, 200))).toBe(2);
  expect(dayOfCut(framed(100, 900))).toBe(1);
  expect(dayOfCut(framed(900, 200))).toBe(1);
});

test('the cutoff time is the first row time if half of the rows have too few clusters', () => {
  expect(dayOfCut(framed(20, 60, 60))).toBe(1);
  const found = cutoffTime(framed(20, 60, 60));
  expect(found).toMatchObject({ rowTimes: 3 });
  expect('rows' in found && found.rows).toHaveLength(120);
});

test('there is no cutoff time for rows of one time, or with too few clusters after the first', () => {
  expect(cutoffTime(framed(500))).toEqual({ cut: null, reason: 'the evaluation rows have one row time' });
  expect(cutoffTime(framed(500, 98))).toMatchObject({
    cut: null,
    reason: expect.stringContaining('there are 49') as string,
  });
  expect(dayOfCut(framed(500, 100))).toBe(1);
});

test('no row within the millisecond of the cutoff time is tested', () => {
  const frame = framed(300, 300);
  frame.times.fill(1_000_001n, 0, 100).fill(1_000_900n, 100, 300).fill(2_000_000n, 300);
  const found = cutoffTime(frame);
  expect(found.cut).toBe(1_001_000n);
  expect('rows' in found && [...found.rows].every((row) => row >= 300)).toBe(true);
});
