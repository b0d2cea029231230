// A step is ended only if it makes no progress, and each kind of progress is detected.
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { examineWorkers } from '../../cli/commands/doctor/examine-servers.ts';
import { withConnections } from '../../store/postgres/connections.ts';
import { openDatabase } from '../../store/postgres/database.ts';
import { whileElsewhere } from '../../store/postgres/watched.ts';
import { asksPostgres, watchStep } from '../../worker/step-watch.ts';
import { eventually } from '../helpers/eventually.ts';
import { failureOf } from '../helpers/failures.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';

let database: MigratedDatabase;
beforeAll(async () => {
  database = await migratedDatabase();
  await database.pool.query('create table locked (n int)');
});
afterAll(() => database.drop());

/** Much longer than the steps here take, so that a machine that is five times slower still makes progress in time. */
const times = { lookEvery: 20, askAfter: 200, stalledAfter: 2_500 };
const LONGER_SECONDS = 3.5;
const never = (): Promise<never> => new Promise(() => undefined);

const watch = (work: () => Promise<unknown>, heartbeat: (details?: unknown) => void = () => undefined) =>
  watchStep({ heartbeat }, work, asksPostgres(database), times);

describe('a step without progress is ended with STEP_STALLED', () => {
  test('if it holds a connection and does nothing, and others then get the connection', async () => {
    const small = openDatabase(database.url, { max: 1 });
    const step = watchStep(
      { heartbeat: () => undefined },
      () => withConnections(small, 1, never),
      asksPostgres(database),
      { ...times, stalledAfter: 500 },
    );
    const error = await failureOf(step);
    expect(error).toMatchObject({ code: 'STEP_STALLED', retryable: true });
    expect(error.message).toMatch(/Postgres did nothing for its connections \(pid \d+\)/);
    await small.close();
  });

  test('if it waits forever without a connection, even if it repeats the same heartbeat', async () => {
    const context = { heartbeat: (): void => undefined };
    const beats = setInterval(() => (context.heartbeat as (details: unknown) => void)({ rows: 7 }), 20);
    const step = watchStep(context, never, undefined, { ...times, stalledAfter: 500 });
    expect(await failureOf(step)).toMatchObject({ code: 'STEP_STALLED' });
    clearInterval(beats);
  });

  test('if it waits for a lock, and its statement is ended as well', async () => {
    await withConnections(database, 1, async ([holder]) => {
      await holder.query('begin');
      await holder.query('lock table locked');
      const step = outside(() =>
        watchStep(
          { heartbeat: () => undefined },
          () => database.pool.query('select * from locked'),
          asksPostgres(database),
          { ...times, stalledAfter: 1_000 },
        ),
      );
      expect(await failureOf(step)).toMatchObject({ code: 'STEP_STALLED' });
      await holder.query('rollback');
    });
  });
});

describe('a step is not ended while', () => {
  test('Postgres works on its statement, even if it returns no row for a long time', async () => {
    const { rows } = (await watch(() =>
      database.pool.query(`select 'slept' as what from pg_sleep(${LONGER_SECONDS})`),
    )) as { rows: unknown[] };
    expect(rows).toEqual([{ what: 'slept' }]);
  });

  test('it computes in a thread', async () => {
    expect(await watch(() => whileElsewhere(() => delay(1_000 * LONGER_SECONDS, 'computed')))).toBe(
      'computed',
    );
  });

  test('it reports progress, and every check sends a heartbeat with the newest progress', async () => {
    const context = { heartbeat: (details: unknown): void => void seen.push(details) };
    const seen: unknown[] = [];
    const work = async (): Promise<string> => {
      for (let n = 0; n < 60; n += 1) {
        await delay(20 * LONGER_SECONDS);
        context.heartbeat({ n });
      }
      return 'done';
    };
    expect(await watchStep(context, work, undefined, times)).toBe('done');
    expect(seen.length).toBeGreaterThan(60);
    expect(seen.at(-1)).toEqual({ n: 59 });
  });
});

test('doctor finds worker connections that are held but idle, and those that wait for a lock', async () => {
  const worker = openDatabase(database.url, { max: 3, applicationName: 'tidegate-worker' });
  const [idle, holder, waiter] = [
    await worker.pool.connect(),
    await worker.pool.connect(),
    await worker.pool.connect(),
  ];
  await idle.query('select 1');
  await holder.query('begin');
  await holder.query('lock table locked');
  const waiting = waiter.query('select * from locked');
  expect(await examineWorkers(database, 60)).toEqual([]);
  const found = await eventually(async () => {
    const findings = await examineWorkers(database, 0.2);
    expect(findings.map(({ kind }) => kind)).toEqual(['warning', 'problem']);
    return findings;
  });
  expect(found[0]?.words).toMatch(/a step \(pid \d+\) has been waiting \d+ s for a lock that pid \d+ holds/);
  expect(found[1]?.words).toMatch(/2 connections are held by steps but idle/);
  await holder.query('rollback');
  await waiting;
  for (const client of [idle, holder, waiter]) client.release();
  await worker.close();
});

/** Runs work outside of the caller's async context, as another step would. */
function outside<T>(work: () => Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => queue.push(() => void work().then(resolve, reject)));
}
const queue: (() => void)[] = [];
const ticker = setInterval(() => queue.splice(0).forEach((run) => run()), 5);
afterAll(() => clearInterval(ticker));
