// Tests that repetitions are counted exactly as long as memory allows, and exactly for a sample beyond that.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DistinctCounter } from '../../../domain/quality/distinct-counter.ts';

test('add returns whether a number was counted before, and counts −0 as 0', () => {
  const counter = new DistinctCounter(1_024);
  expect([7, 7, 0, -0, 1e308, -1e308, 1e308].map((value) => counter.add(value))).toEqual([
    false,
    true,
    false,
    true,
    false,
    false,
    true,
  ]);
  expect(counter.counted()).toEqual({ values: 7, repeats: 3 });
});

test('is exact for all numbers as long as they fit', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ noNaN: true }), { maxLength: 3_000 }), (values) => {
      const counter = new DistinctCounter(4_096);
      for (const value of values) counter.add(value);
      const distinct = new Set(values.map((value) => value + 0)).size;
      expect(counter.isExact).toBe(true);
      expect(counter.counted()).toEqual({ values: values.length, repeats: values.length - distinct });
    }),
    { numRuns: 30 },
  );
});

test('counts only a sample of the numbers if they do not fit, each exactly', () => {
  const counter = new DistinctCounter(1_024);
  // Adds every number three times, far apart in the sequence.
  for (let time = 0; time < 3; time += 1)
    for (let value = 0; value < 20_000; value += 1) counter.add(value * 1.5);
  expect(counter.isExact).toBe(false);
  const { values, repeats } = counter.counted();
  expect(values).toBeGreaterThan(300);
  expect(values).toBeLessThan(3 * 1_100);
  expect(repeats / values).toBeCloseTo(2 / 3, 9);
});
