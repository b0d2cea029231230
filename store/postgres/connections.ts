// The connection pool: waiting has a deadline, several connections are taken together, and those in use are tracked.
import { AsyncLocalStorage } from 'node:async_hooks';
import { channel } from 'node:diagnostics_channel';
import {
  CamelCasePlugin,
  Kysely,
  type PluginTransformQueryArgs,
  type PluginTransformResultArgs,
  PostgresDialect,
  type PostgresPool,
  type QueryId,
  type QueryResult,
  type RootOperationNode,
  type Transaction,
  type UnknownRow,
} from 'kysely';
import pg from 'pg';
import { TidegateError } from '../../domain/errors.ts';
import { type Tables } from './tables.ts';
import { socketOf, type Watched, watched } from './watched.ts';

/**
 * Maximum number of connections that one piece of work uses at the same time: freezing and materializing read on one
 * while they write on another. The pool size is derived from this.
 */
export const MAX_HELD = 2;

/** How long to wait for a free connection, in milliseconds. */
const MAX_WAIT_MS = 30_000;

/** How long `end` waits for connections in use, in milliseconds, before it closes them by force. */
const MAX_END_MS = 3_000;

const holder = new AsyncLocalStorage<pg.Pool>();

/**
 * Diagnostics channel that reports work which already has a connection and asks the same pool for another. If several
 * pieces of work do so at the same time, each waits for the others until its deadline. Tests subscribe and fail;
 * in production nobody subscribes.
 */
export const NESTED_CHANNEL = 'tidegate:nested-connection';

const nested = channel(NESTED_CHANNEL);

type Connected = (error: Error | undefined, client: pg.PoolClient | undefined, release: () => void) => void;

/** A pool that never waits indefinitely, neither for a free connection nor to close. */
export class ConnectionPool extends pg.Pool {
  /** Connections in use, and the watched work that uses each. */
  readonly #out = new Map<pg.PoolClient, Watched | undefined>();
  #turn: Promise<unknown> = Promise.resolve();

  /** @param config as for pg; waits at most 30 seconds for a connection unless it sets another limit */
  constructor(config: pg.PoolConfig) {
    super({ connectionTimeoutMillis: MAX_WAIT_MS, ...config });
    this.on('acquire', (client) => this.#out.set(client, undefined));
    this.on('release', (_error, client) => {
      this.#out.get(client)?.gaveBack(client);
      this.#out.delete(client);
    });
  }

  /**
   * Waits for a free connection; `query` and Kysely call this as well.
   *
   * @throws TidegateError DATABASE_POOL_EXHAUSTED if all connections stayed in use during the whole wait
   */
  override connect(): Promise<pg.PoolClient>;
  override connect(callback: Connected): void;
  override connect(callback?: Connected): Promise<pg.PoolClient> | void {
    if (nested.hasSubscribers && holder.getStore() === this) nested.publish(new Error().stack);
    // Checked now, because connections may have been returned by the time the wait ends.
    const isFull = this.totalCount >= (this.options.max ?? 10) && this.idleCount === 0;
    const work = watched.getStore();
    if (!callback)
      return super.connect().then(
        (client) => this.#handTo(work, client),
        (error: unknown) => {
          throw this.#busy(error, isFull);
        },
      );
    super.connect((error, client, release) => {
      if (client) this.#handTo(work, client);
      callback(error && (this.#busy(error, isFull) as Error), client, release);
    });
  }

  #handTo(work: Watched | undefined, client: pg.PoolClient): pg.PoolClient {
    this.#out.set(client, work);
    work?.took(client);
    return client;
  }

  /**
   * Closes all connections. Waits three seconds for those in use and then closes them by force: their statements fail,
   * and the process can end.
   */
  override async end(): Promise<void> {
    const ended = super.end();
    const cutOff = setTimeout(() => {
      for (const client of this.#out.keys()) socketOf(client)?.destroy();
    }, MAX_END_MS);
    // Work that never returns its connection must not keep this from finishing.
    let giveUp: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (giveUp = setTimeout(resolve, MAX_END_MS + 500)));
    try {
      await Promise.race([ended, late]);
    } finally {
      clearTimeout(cutOff);
      clearTimeout(giveUp);
    }
  }

  /** Takes several connections. Only one caller takes at a time, so no two can each hold what the other waits for. */
  async take(count: number): Promise<pg.PoolClient[]> {
    if (count === 1) return [await this.connect()];
    const before = this.#turn;
    let done = (): void => undefined;
    this.#turn = new Promise<void>((resolve) => (done = resolve));
    const taken: pg.PoolClient[] = [];
    try {
      await this.#within(before);
      while (taken.length < count) taken.push(await this.connect());
      return taken;
    } catch (error) {
      for (const client of taken) client.release();
      throw error;
    } finally {
      // The next caller's turn begins when all earlier turns have ended, even if this caller stopped waiting for its
      // own.
      void before.then(done);
    }
  }

  /** Waits for a turn, for at most as long as `connect` waits for a connection. */
  async #within(turn: Promise<unknown>): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(this.#exhausted()), this.options.connectionTimeoutMillis);
    });
    try {
      await Promise.race([turn, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #busy(error: unknown, isFull: boolean): unknown {
    const isLate =
      error instanceof Error && error.message.startsWith('timeout exceeded when trying to connect');
    return isLate && isFull ? this.#exhausted(error) : error;
  }

  #exhausted(cause?: unknown): TidegateError {
    const { max = 10, connectionTimeoutMillis = MAX_WAIT_MS } = this.options;
    return new TidegateError(
      'DATABASE_POOL_EXHAUSTED',
      `all ${max} connections of this process to Postgres stayed in use for ${connectionTimeoutMillis / 1_000} s`,
      { cause },
    );
  }
}

/**
 * Runs `work` with connections of the pool, all taken before it begins. Neither `work` nor anything it calls may ask the
 * pool for more. If it fails, the connections are closed, which drops their locks and temporary tables.
 *
 * @param count at most {@link MAX_HELD}
 * @throws TidegateError DATABASE_POOL_EXHAUSTED if they did not become free in time
 * @example await withConnections(database, 2, ([reader, writer]) => copy(reader, writer));
 */
export async function withConnections<T>(
  { pool }: { readonly pool: ConnectionPool },
  count: 1 | typeof MAX_HELD,
  work: (clients: readonly [pg.PoolClient, pg.PoolClient]) => Promise<T>,
): Promise<T> {
  const clients = await pool.take(count);
  let failed = true;
  try {
    const result = await holder.run(pool, () => work(clients as unknown as [pg.PoolClient, pg.PoolClient]));
    failed = false;
    return result;
  } finally {
    for (const client of clients) client.release(failed);
  }
}

/** Runs `work` in a Kysely transaction. It must use only that transaction and take no connection from the pool. */
export const inKyselyTransaction = <T>(
  { kysely, pool }: { readonly kysely: Kysely<Tables>; readonly pool: ConnectionPool },
  work: (transaction: Transaction<Tables>) => Promise<T>,
): Promise<T> => kysely.transaction().execute((transaction) => holder.run(pool, () => work(transaction)));

/**
 * Names columns `datasetId` in code and `dataset_id` in the database. Keys inside JSON values stay as they are stored,
 * and so do the rows of queries that are written as `sql` text: their type says what the text selects.
 */
class CamelCaseColumns extends CamelCasePlugin {
  readonly #written = new WeakSet<QueryId>();

  constructor() {
    super({ maintainNestedObjectKeys: true });
  }

  override transformQuery(args: PluginTransformQueryArgs): RootOperationNode {
    if (args.node.kind === 'RawNode') this.#written.add(args.queryId);
    return super.transformQuery(args);
  }

  override async transformResult(args: PluginTransformResultArgs): Promise<QueryResult<UnknownRow>> {
    return this.#written.has(args.queryId) ? args.result : super.transformResult(args);
  }
}

/** Kysely over a pool, for Tidegate's own tables only: column names are in camelCase, as in {@link Tables}. */
export const kyselyOver = (pool: PostgresPool): Kysely<Tables> =>
  new Kysely<Tables>({ dialect: new PostgresDialect({ pool }), plugins: [new CamelCaseColumns()] });

/** Kysely over one connection that the caller already has, inside the transaction that is open on it, if any. */
export const kyselyOn = (client: pg.ClientBase): Kysely<Tables> => {
  const query = client.query.bind(client);
  const borrowed = { query, release: () => undefined } as unknown as pg.PoolClient;
  const pool = { connect: () => Promise.resolve(borrowed), end: () => Promise.resolve() };
  return kyselyOver(pool);
};
