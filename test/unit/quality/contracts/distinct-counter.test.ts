// Counting repetitions: exact as far as memory goes, exact for a share of the numbers beyond.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DistinctCounter } from '../../../../domain/quality/contracts/distinct-counter.ts';

test('a number was counted before or not, and −0 is 0', () => {
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

test('is exact whatever the numbers, while they fit', () => {
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

test('beyond what fits it looks at a share of the numbers, each with its exact count', () => {
  const counter = new DistinctCounter(1_024);
  // Every number three times, far apart from each other.
  for (let time = 0; time < 3; time += 1)
    for (let value = 0; value < 20_000; value += 1) counter.add(value * 1.5);
  expect(counter.isExact).toBe(false);
  const { values, repeats } = counter.counted();
  expect(values).toBeGreaterThan(300);
  expect(values).toBeLessThan(3 * 1_100);
  expect(repeats / values).toBeCloseTo(2 / 3, 9);
});
