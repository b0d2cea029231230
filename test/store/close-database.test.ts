// Closing a database leaves nothing open that would keep the process from ending.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDatabase } from '../../store/postgres/database.ts';
import { createTestDatabase } from '../helpers/database.ts';

let made: Awaited<ReturnType<typeof createTestDatabase>>;
beforeAll(async () => {
  made = await createTestDatabase();
});
afterAll(() => made.drop());

test('closes its connections if only the pool was used', async () => {
  const database = openDatabase(made.url);
  await database.pool.query('select 1');
  expect(database.pool.totalCount).toBe(1);
  await database.close();
  expect(database.pool.totalCount).toBe(0);
});

test('closes once if both the pool and Kysely were used', async () => {
  const database = openDatabase(made.url);
  await database.kysely.selectNoFrom((is) => is.lit(1).as('one')).execute();
  await database.pool.query('select 1');
  await expect(database.close()).resolves.toBeUndefined();
  expect(database.pool.ended).toBe(true);
});

test('closes if it was never used', async () => {
  const database = openDatabase(made.url);
  await expect(database.close()).resolves.toBeUndefined();
});
