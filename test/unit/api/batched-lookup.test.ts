import { expect, it } from 'vitest';
import { type Database } from '../../../store/postgres/database.ts';
import { batchedLookUp, MAX_WAITING_KEYS } from '../../../store/online/batched-lookup.ts';

const key = (user: string) => ({ model: 'churn', definitionVersion: 1, entityKey: [user] });

/** A database that answers each query when the test lets it; it has a row for every user except `nobody`. */
function heldDatabase(withinMs = 60_000) {
  const queries: { users: string[]; answer: () => void; fail: () => void }[] = [];
  const query = ({ values }: { values: [string[], number[], string[]] }) =>
    new Promise((resolve, reject) => {
      const users = values[2].map((text) => (JSON.parse(text) as [string])[0]);
      const rows = users.flatMap((user, index) =>
        user === 'nobody' ? [] : [{ place: index + 1, as_of: new Date(0), features: { user } }],
      );
      queries.push({ users, answer: () => resolve({ rows }), fail: () => reject(new Error('lost')) });
    });
  const arrived = async (count: number): Promise<void> => {
    while (queries.length < count) await new Promise((resolve) => setImmediate(resolve));
  };
  return { queries, arrived, lookUp: batchedLookUp({ pool: { query } } as unknown as Database, withinMs) };
}

const usersOf = (rows: ({ features: Readonly<Record<string, unknown>> } | undefined)[]) =>
  rows.map((row) => row?.features['user']);

it('look-ups made in one turn of the event loop share one query, and each caller gets its own rows', async () => {
  const { queries, arrived, lookUp } = heldDatabase();
  const asked = [lookUp([key('a')]), lookUp([key('b'), key('nobody')]), lookUp([key('c')])];
  await arrived(1);
  queries[0]?.answer();
  const answers = await Promise.all(asked);
  expect(queries.map(({ users }) => users)).toEqual([['a', 'b', 'nobody', 'c']]);
  expect(answers.map(usersOf)).toEqual([['a'], ['b', undefined], ['c']]);
});

it('look-ups made during a query wait for the next one', async () => {
  const { queries, arrived, lookUp } = heldDatabase();
  const first = lookUp([key('a')]);
  await arrived(1);
  const later = [lookUp([key('b')]), lookUp([key('c')])];
  queries[0]?.answer();
  await first;
  await arrived(2);
  queries[1]?.answer();
  await Promise.all(later);
  expect(queries.map(({ users }) => users)).toEqual([['a'], ['b', 'c']]);
});

it('a failed query fails only its own callers', async () => {
  const { queries, arrived, lookUp } = heldDatabase();
  const first = lookUp([key('a')]);
  await arrived(1);
  const second = lookUp([key('b')]);
  queries[0]?.fail();
  await expect(first).rejects.toThrow('lost');
  await arrived(2);
  queries[1]?.answer();
  expect(usersOf(await second)).toEqual(['b']);
});

it('the size of a shared query is limited, although a single request may be larger', async () => {
  const { queries, arrived, lookUp } = heldDatabase();
  const many = (count: number) => Array.from({ length: count }, (_, index) => key(`u${index}`));
  const asked = [lookUp(many(3_000)), lookUp(many(1_000)), lookUp(many(1_000)), lookUp(many(1))];
  for (const count of [1, 2, 3]) {
    await arrived(count);
    queries[count - 1]?.answer();
  }
  const answers = await Promise.all(asked);
  expect(queries.map(({ users }) => users.length)).toEqual([3_000, 2_000, 1]);
  expect(answers.map((rows) => rows.length)).toEqual([3_000, 1_000, 1_000, 1]);
});

it('a look-up that is not answered in time fails, and is not sent when the database answers again', async () => {
  const { queries, arrived, lookUp } = heldDatabase(20);
  const first = lookUp([key('a')]);
  await arrived(1);
  const second = lookUp([key('b')]);
  for (const asked of [first, second])
    await expect(asked).rejects.toMatchObject({ code: 'DATABASE_TIMEOUT' });
  queries[0]?.answer();
  const third = lookUp([key('c')]);
  await arrived(2);
  queries[1]?.answer();
  expect(usersOf(await third)).toEqual(['c']);
  expect(queries.map(({ users }) => users)).toEqual([['a'], ['c']]);
});

it('a look-up is refused at once if too many keys wait, and the others are still answered', async () => {
  const { queries, arrived, lookUp } = heldDatabase();
  const running = lookUp([key('a')]);
  await arrived(1);
  const waiting = lookUp(Array.from({ length: MAX_WAITING_KEYS }, () => key('b')));
  await expect(lookUp([key('c')])).rejects.toMatchObject({ code: 'OVERLOADED', status: 503 });
  queries[0]?.answer();
  await arrived(2);
  queries[1]?.answer();
  expect([await running, await waiting].map((rows) => rows.length)).toEqual([1, MAX_WAITING_KEYS]);
  const next = lookUp([key('c')]);
  await arrived(3);
  queries[2]?.answer();
  expect(usersOf(await next)).toEqual(['c']);
});
