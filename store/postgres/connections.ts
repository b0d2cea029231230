// Connections of the pool: waited for within a deadline, taken all at once, and known while they are out.
import { AsyncLocalStorage } from 'node:async_hooks';
import { channel } from 'node:diagnostics_channel';
import { Kysely, PostgresDialect, type Transaction } from 'kysely';
import pg from 'pg';
import { TidegateError } from '../../domain/errors.ts';
import { type Tables } from './tables.ts';
import { socketOf, type Watched, watched } from './watched.ts';

/**
 * Most connections that one piece of work holds at once: freezing and materialising read on one while they write on
 * another. The size of a pool follows from it.
 */
export const MAX_HELD = 2;

/** How long a connection is waited for, in milliseconds. */
const MAX_WAIT_MS = 30_000;

/** How long `end` waits for connections that are out, in milliseconds, before it cuts them off. */
const MAX_END_MS = 3_000;

const holder = new AsyncLocalStorage<pg.Pool>();

/**
 * Hears of work that holds a connection and asks the same pool for another. In production nobody listens, and the wait
 * has a deadline; in tests it fails the run, since a few of such works at once would wait for each other until then.
 */
export const NESTED_CHANNEL = 'tidegate:nested-connection';

const nested = channel(NESTED_CHANNEL);

type Connected = (error: Error | undefined, client: pg.PoolClient | undefined, release: () => void) => void;

/** A pool that refuses to wait for ever, neither for a connection nor for its own end. */
export class ConnectionPool extends pg.Pool {
  /** Connections that are out, and the watched work that holds each. */
  readonly #out = new Map<pg.PoolClient, Watched | undefined>();
  #turn: Promise<unknown> = Promise.resolve();

  /** @param config as of pg; the wait for a connection is at most 30 seconds unless it says otherwise */
  constructor(config: pg.PoolConfig) {
    super({ connectionTimeoutMillis: MAX_WAIT_MS, ...config });
    this.on('acquire', (client) => this.#out.set(client, undefined));
    this.on('release', (_error, client) => {
      this.#out.get(client)?.gaveBack(client);
      this.#out.delete(client);
    });
  }

  /**
   * Waits for a connection; `query` and Kysely come by here as well.
   *
   * @throws TidegateError DATABASE_POOL_EXHAUSTED if all connections stayed in use for as long as one is waited for
   */
  override connect(): Promise<pg.PoolClient>;
  override connect(callback: Connected): void;
  override connect(callback?: Connected): Promise<pg.PoolClient> | void {
    if (nested.hasSubscribers && holder.getStore() === this) nested.publish(new Error().stack);
    // Looked at now: when the wait is over, the connections may have come back.
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
   * Ends all connections. Those that are out are waited for, and cut off after three seconds: whoever uses one then
   * meets an error, and the process can end.
   */
  override async end(): Promise<void> {
    const ended = super.end();
    const cutOff = setTimeout(() => {
      for (const client of this.#out.keys()) socketOf(client)?.destroy();
    }, MAX_END_MS);
    // A holder that never gives its connection back does not hold up the end.
    let giveUp: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (giveUp = setTimeout(resolve, MAX_END_MS + 500)));
    try {
      await Promise.race([ended, late]);
    } finally {
      clearTimeout(cutOff);
      clearTimeout(giveUp);
    }
  }

  /** Takes several connections. One asks at a time, so that no two wait for what the other has taken already. */
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
      // The next one's turn comes after all before it, also if this one gave up early.
      void before.then(done);
    }
  }

  /** Waits for a turn, no longer than for a connection. */
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
 * Runs `work` with connections of the pool, all taken before it begins: it must not ask the pool for more, and nothing
 * that it calls may either. After a failure their sessions end, with their locks and temporary tables.
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

/** Runs `work` in a transaction of Kysely, under the same rule: it uses the transaction and nothing else. */
export const inKyselyTransaction = <T>(
  { kysely, pool }: { readonly kysely: Kysely<Tables>; readonly pool: ConnectionPool },
  work: (transaction: Transaction<Tables>) => Promise<T>,
): Promise<T> => kysely.transaction().execute((transaction) => holder.run(pool, () => work(transaction)));

/** Kysely on one connection that the caller has, inside whatever transaction it is in. */
export const kyselyOn = (client: pg.PoolClient): Kysely<Tables> => {
  const query = client.query.bind(client);
  const borrowed = { query, release: () => undefined } as unknown as pg.PoolClient;
  const pool = { connect: () => Promise.resolve(borrowed), end: () => Promise.resolve() };
  return new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
};
