// A connection that breaks while it is in use fails the statement but never ends the process.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isTemporary } from '../../store/postgres/postgres-failure.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';

let database: MigratedDatabase;

beforeAll(async () => {
  database = await migratedDatabase();
});
afterAll(() => database.drop());

const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'no failure',
    (error: unknown) => error,
  );

test('if the server closes a connection in use, its statement fails and its error event has a listener', async () => {
  const client = await database.pool.connect();
  try {
    // Without a listener the event would throw where nothing can catch it.
    expect(client.listenerCount('error')).toBeGreaterThan(0);
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
    const ended = new Promise((resolve) => client.once('end', resolve));
    await database.pool.query('select pg_terminate_backend($1)', [rows[0]?.pid]);
    await ended;
    expect(isTemporary(await failureOf(client.query('select 1')))).toBe(true);
  } finally {
    client.release();
  }
});

test('a transaction whose connection is lost fails, and the next one gets another connection', async () => {
  const lost = database.kysely.transaction().execute(async (transaction) => {
    await transaction.selectFrom('tidegate.model').select('name').execute();
    await database.pool.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and state = 'idle in transaction'`,
    );
    await transaction.selectFrom('tidegate.model').select('name').execute();
  });
  expect(isTemporary(await failureOf(lost))).toBe(true);
  expect(await database.kysely.selectFrom('tidegate.model').select('name').execute()).toEqual([]);
});
