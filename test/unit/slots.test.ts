// The size of a worker's connection pool depends on how many steps it runs at the same time.
import { expect, test } from 'vitest';
import { MAX_HELD } from '../../store/postgres/connections.ts';
import { poolSize, slotsFor } from '../../worker/slots.ts';

test.each([1, 2, 4, 16])(
  'with %i processors, the pool has the connections of all steps and eight for decisions',
  (processors) => {
    const slots = slotsFor(processors);
    const held = (slots.loops + slots.parts) * MAX_HELD;
    expect(poolSize(slots) - held).toBe(8);
    expect(slots.loops).toBeGreaterThan(1);
    expect(slots.loops).toBeLessThanOrEqual(8);
  },
);

test('more slots make a larger pool, except slots for notices, which use no connection', () => {
  const slots = slotsFor(2);
  expect(poolSize(slots)).toBe(16);
  expect(poolSize({ ...slots, loops: slots.loops + 1 })).toBe(16 + MAX_HELD);
  expect(poolSize({ ...slots, notices: 400, people: 400 })).toBe(16);
  expect(poolSize({ ...slots, people: 2 })).toBe(10);
});
