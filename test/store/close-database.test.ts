// Closing a database leaves nothing open that would hold up the end of a process.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDatabase } from '../../store/postgres/database.ts';
import { createTestDatabase } from '../helpers/database.ts';

let made: Awaited<ReturnType<typeof createTestDatabase>>;
beforeAll(async () => {
  made = await createTestDatabase();
});
afterAll(() => made.drop());

test('a database of which only the pool was used closes its connections', async () => {
  const database = openDatabase(made.url);
  await database.pool.query('select 1');
  expect(database.pool.totalCount).toBe(1);
  await database.close();
  expect(database.pool.totalCount).toBe(0);
});

test('a database that was used both ways is closed once', async () => {
  const database = openDatabase(made.url);
  await database.kysely.selectNoFrom((is) => is.lit(1).as('one')).execute();
  await database.pool.query('select 1');
  await expect(database.close()).resolves.toBeUndefined();
  expect(database.pool.ended).toBe(true);
});

test('a database that nobody used is closed as well', async () => {
  const database = openDatabase(made.url);
  await expect(database.close()).resolves.toBeUndefined();
});
