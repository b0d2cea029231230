// Tests the servers that integration tests share, and the helpers that use them.
import { Connection } from '@temporalio/client';
import pg from 'pg';
import { expect, inject, test } from 'vitest';
import { createTestDatabase } from '../helpers/database.ts';
import { eventually } from '../helpers/eventually.ts';

const connected = async <T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return use(client).finally(() => client.end());
};

test('a test database starts empty, is separate, and can be dropped while clients are connected', async () => {
  const [one, other] = [await createTestDatabase(), await createTestDatabase()];
  await connected(one.url, (client) => client.query('create table mine ()'));
  const tables = `select from pg_tables where schemaname = 'public'`;
  expect(await connected(other.url, (client) => client.query(tables))).toMatchObject({ rowCount: 0 });

  const lingering = new pg.Client({ connectionString: one.url });
  lingering.on('error', () => undefined);
  await lingering.connect();
  await Promise.all([one.drop(), other.drop()]);
  await expect(connected(one.url, (client) => client.query('select'))).rejects.toThrow('does not exist');
  await lingering.end().catch(() => undefined);
});

test("the shared Temporal has Tidegate's search attributes", async () => {
  const connection = await Connection.connect({ address: inject('temporalAddress') });
  const { customAttributes } = await connection.operatorService.listSearchAttributes({
    namespace: 'default',
  });
  await connection.close();
  expect(Object.keys(customAttributes)).toEqual(
    expect.arrayContaining(['TidegateModel', 'TidegateStage', 'TidegateOutcome', 'TidegateVersion']),
  );
});

test('eventually returns the first result without an error, or throws the last error after the deadline', async () => {
  let attempts = 0;
  const third = await eventually(() => {
    attempts += 1;
    expect(attempts).toBe(3);
    return attempts;
  });
  expect(third).toBe(3);
  const never = eventually(() => Promise.reject(new Error('still 2 rows')), { within: 20, every: 5 });
  await expect(never).rejects.toThrow('still failing after 20 ms: still 2 rows');
});
