import { expect, it } from 'vitest';
import { DecisionTurns } from '../../../api/context/decision-turns.ts';

/** Work that runs until the test ends it. */
function held() {
  const ends: (() => void)[] = [];
  const work = () => new Promise<void>((resolve) => ends.push(resolve));
  return { ends, work };
}

it('four decisions on a version run at the same time, and the others follow in order', async () => {
  const turns = new DecisionTurns();
  const { ends, work } = held();
  const order: number[] = [];
  const all = Array.from({ length: 6 }, (_, at) =>
    turns.take('version 2', async () => {
      order.push(at);
      await work();
    }),
  );
  expect(order).toEqual([0, 1, 2, 3]);
  // Whenever one ends, the next one begins.
  for (let at = 0; at < 6; at += 1) {
    while (ends.length <= at) await new Promise((resolve) => setImmediate(resolve));
    ends[at]?.();
  }
  await Promise.all(all);
  expect(order).toEqual([0, 1, 2, 3, 4, 5]);
});

it('decisions on another version do not wait', async () => {
  const turns = new DecisionTurns();
  const { ends, work } = held();
  const first = Array.from({ length: 4 }, () => turns.take('version 2', work));
  expect(await turns.take('version 3', () => Promise.resolve('its turn'))).toBe('its turn');
  for (const end of ends) end();
  await Promise.all(first);
});

it('a decision whose turn does not come in time is refused and never sent', async () => {
  const turns = new DecisionTurns(10);
  const { ends, work } = held();
  const first = Array.from({ length: 4 }, () => turns.take('version 2', work));
  let sent = false;
  const late = turns.take('version 2', () => Promise.resolve((sent = true)));
  await expect(late).rejects.toMatchObject({ code: 'TOO_MANY_DECISIONS', status: 503 });
  for (const end of ends) end();
  await Promise.all(first);
  expect(sent).toBe(false);
  expect(await turns.take('version 2', () => Promise.resolve('free'))).toBe('free');
});

it('a decision that fails passes its turn on', async () => {
  const turns = new DecisionTurns();
  const failing = Array.from({ length: 9 }, () =>
    turns.take('version 2', () => Promise.reject(new Error('no'))),
  );
  for (const each of failing) await expect(each).rejects.toThrow('no');
});
