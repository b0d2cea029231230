// Batches the lookups of concurrent requests into one query.
import { TidegateError } from '../../domain/errors.ts';
import { type Database } from '../postgres/database.ts';
import { findOnlineRows, type LookUp, type OnlineKey, type OnlineRow } from './lookup.ts';

/** Maximum number of keys in one query. Only a single request with more keys exceeds it. */
const MAX_KEYS = 2_000;

/** Maximum number of keys that wait for a query. Further requests are refused at once instead of waiting for their deadline. */
export const MAX_WAITING_KEYS = 50_000;

interface Waiting {
  readonly keys: readonly OnlineKey[];
  /** When it fails, in milliseconds as `performance.now` counts them. */
  readonly deadline: number;
  readonly resolve: (rows: (OnlineRow | undefined)[]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Returns a lookup that combines all requests of one turn of the event loop into one query, and all requests that
 * arrive while a query is running into the next. One connection then serves any number of requests.
 *
 * @param withinMs maximum time in milliseconds that a request waits for its rows; after that it fails with
 *   DATABASE_TIMEOUT. If 50,000 keys wait already, it fails with OVERLOADED.
 * @example const lookUp = batchedLookUp(database, 2_000);
 */
export function batchedLookUp(database: Database, withinMs: number): LookUp {
  let waiting: Waiting[] = [];
  let waitingKeys = 0;
  /** The requests of the query that is running. */
  let asked: Waiting[] = [];
  let running = false;
  let timer: NodeJS.Timeout | undefined;

  const takeBatch = (): Waiting[] => {
    let keys = 0;
    let end = 0;
    for (; end < waiting.length; end += 1) {
      const more = waiting[end]!.keys.length;
      if (end > 0 && keys + more > MAX_KEYS) break;
      keys += more;
    }
    const batch = waiting.slice(0, end);
    waiting = waiting.slice(end);
    waitingKeys -= keys;
    return batch;
  };

  const run = async (): Promise<void> => {
    while (waiting.length > 0) {
      const batch = (asked = takeBatch());
      try {
        const rows = await findOnlineRows(
          database,
          batch.flatMap(({ keys }) => keys),
        );
        let from = 0;
        for (const { keys, resolve } of batch) resolve(rows.slice(from, (from += keys.length)));
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    asked = [];
    running = false;
  };

  // One timer for all requests, because one for each would cost more than its share of the query. They wait equally
  // long, so the first one is due first.
  const failLate = (): void => {
    const now = performance.now();
    const late = (each: Waiting): boolean => each.deadline <= now;
    const message = `stored values were not read within ${withinMs} ms`;
    const fail = (each: Waiting): void => each.reject(new TidegateError('DATABASE_TIMEOUT', message));
    asked.filter(late).forEach(fail);
    waiting.filter(late).forEach(fail);
    asked = asked.filter((each) => !late(each));
    // Removed, so that they are not looked up when the database answers again.
    waiting = waiting.filter((each) => !late(each));
    waitingKeys = waiting.reduce((sum, { keys }) => sum + keys.length, 0);
    const next = asked[0] ?? waiting[0];
    timer = next && setTimeout(failLate, Math.max(1, next.deadline - now)).unref();
  };

  return (keys) => {
    if (waitingKeys > 0 && waitingKeys + keys.length > MAX_WAITING_KEYS) {
      const message = `${waitingKeys} keys are waiting for their stored values already`;
      return Promise.reject(new TidegateError('OVERLOADED', message));
    }
    return new Promise((resolve, reject) => {
      waiting.push({ keys, deadline: performance.now() + withinMs, resolve, reject });
      waitingKeys += keys.length;
      timer ??= setTimeout(failLate, withinMs).unref();
      if (running) return;
      running = true;
      setImmediate(() => void run());
    });
  };
}
