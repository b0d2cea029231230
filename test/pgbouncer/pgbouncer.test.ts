// Sessions behind a real PgBouncer: what works in each of its modes, and what is refused.
import { fastify } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ServingInstance } from '../../api/serving/serving-instance.ts';
import { ServingStops } from '../../api/serving/serving-stops.ts';
import { listenToChannels } from '../../api/serving/channel-listener.ts';
import { ModelCache } from '../../api/serving/model-cache.ts';
import { tidegateMigrations } from '../../migrations/tidegate/index.ts';
import { checkReachable, type Database, inTransaction, openDatabase } from '../../store/postgres/database.ts';
import { freezeWindow } from '../../store/datasets/freeze.ts';
import { inSnapshot } from '../../store/postgres/snapshot.ts';
import { applyDefinition } from '../../store/definitions/definitions.ts';
import { newestRowTime } from '../../store/join/newest-labelled-time.ts';
import { rowsAt } from '../../store/join/rows-at.ts';
import { windowStats } from '../../store/join/window-stats.ts';
import { migrate } from '../../store/postgres/migrate.ts';
import { findOnlineRows } from '../../store/online/lookup.ts';
import { materialize } from '../../store/online/materialize.ts';
import { runWorker } from '../../worker/main.ts';
import { createTestDatabase } from '../helpers/database.ts';
import { eventually } from '../helpers/eventually.ts';
import { failureOf } from '../helpers/failures.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';
import { sampleModel } from '../helpers/sample-model.ts';
import { hasPgBouncer, type PgBouncer, startPgBouncer } from './pgbouncer.ts';

// A server whose defaults differ from what every test expects.
const ELSEWHERE = [
  `timezone = 'Asia/Tokyo'`,
  `datestyle = 'German, DMY'`,
  `search_path = 'nowhere'`,
  `extra_float_digits = -10`,
  `intervalstyle = 'iso_8601'`,
];

/** The settings that sessions must have, with or without a pooler. */
const settingsOf = `select current_setting('TimeZone') as zone, current_setting('DateStyle') as style,
  current_setting('search_path') as path, (1::float8 / 3)::text as third, '2024-03-10 00:00'::timestamp::timestamptz = '2024-03-10Z' as utc,
  (select count(*)::int from flights) as flights`;
const RIGHT = {
  zone: 'UTC',
  style: 'ISO, MDY',
  path: 'public',
  third: '0.3333333333333333',
  utc: true,
  flights: 1,
};

describe.skipIf(!hasPgBouncer)('behind PgBouncer', () => {
  let server: MigratedDatabase;
  const started: PgBouncer[] = [];
  const opened: Database[] = [];

  beforeAll(async () => {
    server = await migratedDatabase({}, ELSEWHERE);
    await server.pool.query('create table public.flights as select 1 as one; create schema crm');
    await server.pool.query('create table crm.flights as select generate_series(1, 7) as one');
  });
  afterAll(async () => {
    for (const database of opened) await database.close();
    for (const pooler of started) await pooler.stop();
    await server.drop();
  });

  async function pooled(
    mode: 'session' | 'transaction' | 'statement',
    settings: string[] = [],
    options?: string,
  ): Promise<Database> {
    const pooler = await startPgBouncer(server.url, { mode, settings });
    started.push(pooler);
    return open(pooler.url, options);
  }

  function open(to: string, options?: string): Database {
    const url = new URL(to);
    if (options !== undefined) url.searchParams.set('options', options);
    const database = openDatabase(url.href, { max: 5 });
    opened.push(database);
    return database;
  }

  describe.each([
    ['session', [], 'own'],
    ['session', ['ignore_startup_parameters = options'], 'own'],
    ['transaction', [], 'shared'],
    ['transaction', ['ignore_startup_parameters = options'], 'shared'],
    ['transaction', ['server_round_robin = 1', 'min_pool_size = 3'], 'shared'],
    // All clients share one session, so a statement waits until another transaction has ended.
    ['transaction', ['default_pool_size = 1'], 'shared'],
  ] as const)('in %s mode with %j', (mode, settings, kind) => {
    let database: Database;
    beforeAll(async () => {
      database = await pooled(mode, [...settings]);
      await checkReachable(database);
    });

    it('every one of many concurrent statements has the settings, in a transaction or not', async () => {
      expect(database.sessions.kind).toBe(kind);
      const answers = await Promise.all(
        Array.from({ length: 30 }, async (_, at) => {
          const { rows } =
            at % 2 === 0
              ? await database.pool.query(settingsOf)
              : await inTransaction(
                  database,
                  (client) => client.query(settingsOf),
                  'isolation level repeatable read',
                );
          return rows[0] as unknown;
        }),
      );
      expect(answers).toEqual(answers.map(() => RIGHT));
    });

    it('parameters, transactions of Kysely, rollbacks and failures work as without a pooler', async () => {
      const { rows } = await database.pool.query('select $1::timestamp::timestamptz as at', [
        '2024-03-10 00:00',
      ]);
      expect(rows).toEqual([{ at: new Date('2024-03-10Z') }]);
      await database.pool.query('create table if not exists public.kept (one int); truncate public.kept');
      const failing = inTransaction(database, async (client) => {
        await client.query('insert into kept values (1)');
        throw new Error('undo');
      });
      await expect(failing).rejects.toThrow('undo');
      await expect(database.pool.query('select 1 / 0')).rejects.toMatchObject({ code: '22012' });
      await database.kysely.transaction().execute(async (transaction) => {
        await transaction.selectFrom('tidegate.model').select('name').execute();
      });
      expect((await database.pool.query('select count(*)::int as rows from kept')).rows).toEqual([
        { rows: 0 },
      ]);
    });

    it('changes no settings in the sessions of others', async () => {
      const other = open(database.url);
      await checkReachable(other);
      const { rows } = await server.pool.query<{ rows: number }>(
        `select count(*)::int as rows from pg_prepared_statements`,
      );
      expect(rows[0]?.rows).toBe(0);
    });
  });

  describe.each(['session', 'transaction'] as const)('a URL with options, in %s mode', (mode) => {
    it('keeps its search_path, and not its time zone', async () => {
      const database = await pooled(
        mode,
        [],
        '-c search_path=crm,public -c TimeZone=Asia/Tokyo --statement-timeout=5min',
      );
      const { rows } = await database.pool.query(
        `${settingsOf}, current_setting('statement_timeout') as patience`,
      );
      const spaced = rows.map((row: { path: string }) => ({ ...row, path: row.path.replace(', ', ',') }));
      expect(spaced).toEqual([{ ...RIGHT, path: 'crm,public', flights: 7, patience: '5min' }]);
    });

    it('is refused with the name of an option that is only allowed at connection start, if PgBouncer rejects it', async () => {
      const database = await pooled(mode, [], '-c post_auth_delay=0');
      const { code, message, remedy } = await failureOf(checkReachable(database));
      expect([code, message]).toEqual([
        'DATABASE_POOLER',
        expect.stringContaining('unsupported startup parameter'),
      ]);
      expect(remedy).toMatch(/ignore_startup_parameters/);
    });
  });

  it('never finds a table in a schema that has the name of the role', async () => {
    const database = await pooled('transaction');
    const { rows } = await database.pool.query(
      `select to_regclass('flights')::oid = 'public.flights'::regclass as ours`,
    );
    expect(rows).toEqual([{ ours: true }]);
  });

  describe('in transaction mode', () => {
    let database: Database;
    beforeAll(async () => {
      database = await pooled('transaction');
    });

    it('many migrations can run concurrently', async () => {
      const fresh = await createTestDatabase();
      const pooler = await startPgBouncer(fresh.url, { mode: 'transaction' });
      const all = [1, 2, 3].map(() => openDatabase(pooler.url, { max: 3 }));
      try {
        const ran = await Promise.all(all.map((each) => migrate(each, tidegateMigrations)));
        expect(
          ran
            .map(({ length }) => length)
            .sort((a, b) => a - b)
            .slice(0, 2),
        ).toEqual([0, 0]);
        expect(ran.flat().length).toBeGreaterThan(10);
      } finally {
        for (const each of all) await each.close();
        await pooler.stop();
        await fresh.drop();
      }
    });

    it('freezes windows, reads rows and computes statistics as without a pooler; midnight stays midnight', async () => {
      const sample = await sampleModel(server, 'bounced', { spineTime: 'timestamp', viewTime: 'timestamp' });
      await sample.insert('spine', { user_id: 'u', at: '2024-01-15 00:00' });
      await sample.insert('usage', { user_id: 'u', at: '2024-01-15 00:00', hours: 0.1 + 0.2, plan: 'a' });
      const { version } = await applyDefinition(database, sample.definition, 'ada');
      const window = { from: new Date('2024-01-14T23:59:59Z'), to: new Date('2024-01-15Z') };
      const dataset = await freezeWindow(database, {
        request: 'bounced',
        definition: sample.definition,
        definitionVersion: version,
        window,
      });
      expect(dataset.rows).toBe(1);
      expect(await newestRowTime(database, sample.definition)).toEqual(new Date('2024-01-15Z'));
      const [row] = await rowsAt(database, sample.definition, { asOf: window.to, limit: 5 });
      expect(row?.values.get('hours')).toBe(0.1 + 0.2);
      expect(await windowStats(database, sample.definition, window)).toBeDefined();
      expect(
        await findOnlineRows(database, [{ model: 'bounced', definitionVersion: 1, entityKey: ['u', 'eu'] }]),
      ).toEqual([undefined]);
    });

    it('a snapshot is cancelled in the session in which it runs', async () => {
      const stop = new AbortController();
      const asleep = inSnapshot(database, (client) => client.query('select pg_sleep(600)'), stop.signal);
      const ended = expect(asleep).rejects.toThrow('enough');
      await eventually(async () => {
        const { rows } = await server.pool.query(
          `select 1 from pg_stat_activity where datname = current_database() and state = 'active' and query like 'select pg_sleep%'`,
        );
        expect(rows).toHaveLength(1);
      });
      stop.abort(new Error('enough'));
      await ended;
    });

    it('refuses a worker and materializing, which need a session of their own, with a remedy', async () => {
      const { code, remedy } = await failureOf(
        runWorker({
          databaseUrl: database.url,
          temporal: { connectionOptions: { address: '127.0.0.1:1' }, namespace: 'default' },
          taskQueue: 'none',
          notifications: { targets: [], allowPrivate: false },
          partRows: 1,
          workflowBundle: undefined,
          logLevel: 'silent',
          onReady: () => undefined,
        }),
      );
      expect(code).toBe('DATABASE_POOLER');
      expect(remedy).toContain('session mode');
      const source = { model: 'bounced', version: 1, definition: { online: {} } } as never;
      const work = materialize(database, { source, asOf: new Date(), scope: { kind: 'increment' } });
      expect((await failureOf(work)).code).toBe('DATABASE_POOLER');
    });

    it('the API follows the database by polling, and does not LISTEN', async () => {
      const { log: logger } = fastify({ logger: { level: 'silent' } });
      let signals = 0;
      const stop = listenToChannels({
        database,
        channels: ['tidegate_test'],
        onSignal: () => (signals += 1),
        logger,
      });
      const models = new ModelCache(() => Promise.reject(new Error('none')));
      const stops = new ServingStops(database, undefined, logger);
      const instance = new ServingInstance({ id: 'bounced', database, models, stops, logger });
      await instance.start();
      expect(instance.obstacles()).toEqual([]);
      await instance.stop();
      await stop();
      expect(signals).toBe(0);
    });
  });

  it('LISTEN and materializing work in session mode', async () => {
    const database = await pooled('session');
    const { log: logger } = fastify({ logger: { level: 'silent' } });
    let heard: () => void = () => undefined;
    const second = new Promise<void>((resolve) => (heard = resolve));
    let signals = 0;
    const onSignal = (): void => {
      signals += 1;
      // The first signal reports that listening has begun.
      if (signals === 1) void server.pool.query(`select pg_notify('tidegate_test', '')`);
      else heard();
    };
    const stop = listenToChannels({ database, channels: ['tidegate_test'], onSignal, logger });
    await second;
    await stop();
    const sample = await sampleModel(server, 'own_session');
    await sample.insert('spine', { user_id: 'u', at: '2024-01-15Z' });
    await sample.insert('usage', { user_id: 'u', at: '2024-01-14Z', hours: 1, plan: 'a' });
    await applyDefinition(database, sample.definition, 'ada');
    const source = { model: 'own_session', version: 1, definition: sample.definition } as never;
    const done = await materialize(database, {
      source,
      asOf: new Date('2024-02-01Z'),
      scope: { kind: 'increment' },
    });
    expect(done.written).toBe(1);
  });

  it('refuses statement mode, which has no transactions, and names it', async () => {
    const { code, message } = await failureOf(checkReachable(await pooled('statement')));
    expect(message).toContain('statement pooling mode');
    expect(code).toBe('DATABASE_POOLER');
  });
});
