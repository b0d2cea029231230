// Batches the lookups of concurrent requests into one query.
import { type Database } from '../postgres/database.ts';
import { withinTime } from '../postgres/deadline.ts';
import { findOnlineRows, type LookUp, type OnlineKey, type OnlineRow } from './lookup.ts';

/** Maximum number of keys in one query. Only a single request with more keys exceeds it. */
const MAX_KEYS = 2_000;

interface Waiting {
  readonly keys: readonly OnlineKey[];
  readonly resolve: (rows: (OnlineRow | undefined)[]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Returns a lookup that combines all requests of one turn of the event loop into one query, and all requests that
 * arrive while a query is running into the next. One connection then serves any number of requests.
 *
 * @param withinMs maximum time in milliseconds that a request waits for its rows; after that it fails with
 *   DATABASE_TIMEOUT
 * @example const lookUp = batchedLookUp(database, 2_000);
 */
export function batchedLookUp(database: Database, withinMs: number): LookUp {
  let waiting: Waiting[] = [];
  let running = false;

  const takeBatch = (): Waiting[] => {
    let keys = 0;
    const end = waiting.findIndex((each, index) => (keys += each.keys.length) > MAX_KEYS && index > 0);
    const batch = end === -1 ? waiting : waiting.slice(0, end);
    waiting = end === -1 ? [] : waiting.slice(end);
    return batch;
  };

  const run = async (): Promise<void> => {
    while (waiting.length > 0) {
      const batch = takeBatch();
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
    running = false;
  };

  return async (keys) => {
    let own: Waiting | undefined;
    const rows = new Promise<(OnlineRow | undefined)[]>((resolve, reject) => {
      own = { keys, resolve, reject };
      waiting.push(own);
      if (running) return;
      running = true;
      setImmediate(() => void run());
    });
    // After a timeout nobody awaits this promise any more: without this handler its rejection would be unhandled.
    rows.catch(() => undefined);
    try {
      return await withinTime(withinMs, 'stored values', rows);
    } finally {
      // Removes a request that timed out, so that it is not looked up when the database answers again.
      waiting = waiting.filter((each) => each !== own);
    }
  };
}
