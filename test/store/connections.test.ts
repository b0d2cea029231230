// The connection pool: several connections are taken together, waiting has a deadline, and closing never hangs.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Database, openDatabase } from '../../store/postgres/database.ts';
import {
  inKyselyTransaction,
  kyselyOn,
  NESTED_CHANNEL,
  withConnections,
} from '../../store/postgres/connections.ts';
import { freezeWindow } from '../../store/datasets/freeze.ts';
import { applyDefinition, getDefinition } from '../../store/definitions/definitions.ts';
import { materialize } from '../../store/online/materialize.ts';
import { removeUnusedRows } from '../../store/online/remove-unused-rows.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';
import { refuseNested } from '../helpers/no-nested-connections.ts';
import { sampleModel } from '../helpers/sample-model.ts';
import { settled } from '../helpers/settled.ts';

const instant = new Date('2024-03-01Z');
const window = { from: new Date('2024-02-01Z'), to: new Date('2024-03-02Z') };

let database: MigratedDatabase;
/** Runs `work` on the same database through a pool of `max` connections, and closes that. */
async function withPool<T>(max: number, work: (small: Database) => Promise<T>): Promise<T> {
  const small = openDatabase(database.url, { max, connectWithinMs: 20_000 });
  try {
    return await work(small);
  } finally {
    await small.close();
  }
}

beforeAll(async () => (database = await migratedDatabase()));
afterAll(() => database.drop());

describe('many steps on few connections', () => {
  const names = Array.from({ length: 8 }, (_, n) => `crowd_${n}`);
  beforeAll(async () => {
    for (const name of names) {
      const model = await sampleModel(database, name);
      await model.insert('spine', { user_id: 'a', at: instant }, { user_id: 'b', at: instant });
      await model.insert('usage', { user_id: 'a', at: instant, hours: 1, plan: 'a' });
      await applyDefinition(database, model.definition, 'ada');
    }
    await settled(database);
  });

  test.each([2, 3])('all finish on a pool of %i connections', (max) =>
    withPool(max, async (small) => {
      const steps = names.flatMap((name) => [
        getDefinition(small, name).then((source) => materialize(small, { source, asOf: instant })),
        getDefinition(small, name).then(({ definition, version: definitionVersion }) =>
          freezeWindow(small, { request: `${name}/${max}`, definition, definitionVersion, window }),
        ),
        removeUnusedRows(small, name),
      ]);
      await Promise.all<unknown>(steps);
      const { rows } = await small.pool.query<{ rows: number }>(
        `select count(*) as rows from tidegate.online_row where model = any ($1)`,
        [names],
      );
      expect(rows[0]?.rows).toBe(2 * names.length);
    }),
  );
});

test('two callers that take two connections each never block each other', () =>
  withPool(3, async (small) => {
    let most = 0;
    let held = 0;
    const work = async (): Promise<void> => {
      held += 2;
      most = Math.max(most, held);
      await Promise.resolve();
      held -= 2;
    };
    await Promise.all(Array.from({ length: 20 }, () => withConnections(small, 2, work)));
    expect(most).toBe(2);
  }));

describe('work that has a connection and asks for another', () => {
  const asks: readonly [string, (same: Database) => Promise<unknown>][] = [
    ['a query of the pool', ({ pool }) => pool.query('select 1')],
    ['a query of Kysely', ({ kysely }) => kysely.selectFrom('tidegate.model').select('name').execute()],
    ['further connections', (same) => withConnections(same, 1, () => Promise.resolve())],
  ];
  const seen: unknown[] = [];
  const note = (stack: unknown): void => void seen.push(stack);
  beforeAll(() => {
    unsubscribe(NESTED_CHANNEL, refuseNested);
    subscribe(NESTED_CHANNEL, note);
  });
  afterAll(() => {
    unsubscribe(NESTED_CHANNEL, note);
    subscribe(NESTED_CHANNEL, refuseNested);
  });

  test.each(asks)('is noticed: %s', async (_, ask) => {
    seen.length = 0;
    await withConnections(database, 1, () => ask(database));
    await inKyselyTransaction(database, () => ask(database));
    expect(seen).toHaveLength(2);
    expect(seen[0]).toContain('connections.test.ts');
  });

  test('may use another database', () =>
    withPool(1, async (other) => {
      const work = () => other.pool.query('select 1');
      seen.length = 0;
      expect((await withConnections(database, 1, work)).rowCount).toBe(1);
      expect(seen).toEqual([]);
    }));

  test('can use Kysely on the connection that it has', async () => {
    const name = await withConnections(database, 1, async ([client]) => {
      await client.query('begin');
      await client.query('create temp table seen on commit drop as select 7 as n');
      const { n } = (await kyselyOn(client)
        .selectFrom('seen' as never)
        .selectAll()
        .executeTakeFirstOrThrow()) as { n: number };
      await client.query('rollback');
      return n;
    });
    expect(name).toBe(7);
  });
});

test('if no connection becomes free in time, the error is DATABASE_POOL_EXHAUSTED, which is retryable', async () => {
  const small = openDatabase(database.url, { max: 1, connectWithinMs: 100 });
  await withConnections(small, 1, async () => {
    // Outside the async context of the work that has the connection, as another step would be.
    const several = [1, 2, 3].map(
      () => new Promise((resolve) => outside(() => resolve(errorOf(withConnections(small, 2, nothing))))),
    );
    for (const error of await Promise.all(several))
      expect(error).toMatchObject({ code: 'DATABASE_POOL_EXHAUSTED' });
    const asking = new Promise((resolve) => outside(() => resolve(errorOf(small.pool.query('select 1')))));
    expect(await asking).toMatchObject({ code: 'DATABASE_POOL_EXHAUSTED', retryable: true });
  });
  await small.close();
});

test('closing the pool closes connections in use by force, so that the process can end', async () => {
  const small = openDatabase(database.url, { max: 2 });
  const stuck = errorOf(withConnections(small, 1, ([client]) => client.query('select pg_sleep(600)')));
  const neverBack = await small.pool.connect();
  await small.close();
  expect(String(await stuck)).toContain('Connection terminated');
  expect(await errorOf(neverBack.query('select 1'))).toBeInstanceOf(Error);
});

const nothing = (): Promise<void> => Promise.resolve();

const timers: (() => void)[] = [];
const ticker = setInterval(() => timers.splice(0).forEach((run) => run()), 5);
afterAll(() => clearInterval(ticker));
/** Runs something in the async context of this file. */
const outside = (run: () => void): void => void timers.push(run);

const errorOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );
