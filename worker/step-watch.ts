// Whether a step advances: what it does is looked at each second, and one that does nothing any more is ended.
import { isDeepStrictEqual } from 'node:util';
import { type Context } from '@temporalio/activity';
import { TidegateError } from '../domain/errors.ts';
import { type Database, openClient } from '../store/postgres/database.ts';
import { watched, Watched } from '../store/postgres/watched.ts';

/** Times in milliseconds. */
export interface StepWatchOptions {
  /**
   * How often a step is looked at and heartbeats. Cancellations come back with heartbeats: a computation is to end within
   * two seconds of one. @default 1_000
   */
  readonly lookEvery?: number;
  /** After so long without a sign the server is asked whether it works for the step. @default 30_000 */
  readonly askAfter?: number;
  /** After so long without a sign a step has stalled. @default 300_000 */
  readonly stalledAfter?: number;
}

/** Whether the server works on a statement of one of these processes of it. */
export type IsWorking = (backends: readonly number[]) => Promise<boolean>;

/**
 * Asks Postgres, on a connection of its own, since those of the pool may all be held. A statement that waits for a lock,
 * or for this process to read or send, does not count.
 */
export const asksPostgres =
  (database: Database): IsWorking =>
  async (backends) => {
    const client = await openClient(database);
    try {
      const { rows } = await client.query(
        `select from pg_stat_activity
         where pid = any ($1) and state = 'active' and coalesce(wait_event_type, '') not in ('Lock', 'Client')`,
        [backends],
      );
      return rows.length > 0;
    } finally {
      await client.end();
    }
  };

/**
 * Runs a step and heartbeats for as long as it advances: bytes go over its connections, the server works for it, it
 * computes in a thread, or it reports another progress than before. One that shows nothing of this for five minutes is
 * ended: its connections are cut off, so that others can go on, and it is tried again.
 *
 * @throws TidegateError STEP_STALLED
 */
export async function watchStep<T>(
  context: Pick<Context, 'heartbeat'>,
  work: () => Promise<T>,
  isWorking: IsWorking | undefined,
  { lookEvery = 1_000, askAfter = 30_000, stalledAfter = 300_000 }: StepWatchOptions = {},
): Promise<T> {
  const step = new Watched();
  let [signAt, askedAt, mark] = [Date.now(), 0, step.mark];
  let newest: unknown;
  const sign = (): void => void (signAt = Date.now());
  const send = context.heartbeat.bind(context);
  (context as { heartbeat: Context['heartbeat'] }).heartbeat = (details) => {
    if (!isDeepStrictEqual(details, newest)) sign();
    newest = details;
    send(details);
  };
  let stall: (error: Error) => void = () => undefined;
  const stalled = new Promise<never>((_, reject) => (stall = reject));
  const look = (): void => {
    const before = mark;
    mark = step.mark;
    if (mark !== before || step.isElsewhere) sign();
    // Repeats the newest, so that what was reported of the progress stays visible.
    send(newest);
    const [now, { backends }] = [Date.now(), step];
    if (now - signAt >= stalledAfter) {
      step.cutOff();
      stall(new TidegateError('STEP_STALLED', stalledInWords(now - signAt, backends)));
    } else if (isWorking && backends.length > 0 && now - Math.max(signAt, askedAt) >= askAfter) {
      askedAt = now;
      isWorking(backends).then(
        (works) => works && sign(),
        () => undefined,
      );
    }
  };
  const pulse = setInterval(look, lookEvery);
  try {
    return await Promise.race([watched.run(step, work), stalled]);
  } finally {
    clearInterval(pulse);
  }
}

const stalledInWords = (milliseconds: number, backends: readonly number[]): string => {
  const held =
    backends.length === 0
      ? 'it held no connection'
      : `Postgres did nothing for its connections (pid ${backends.join(', ')})`;
  return `the step did not advance for ${Math.round(milliseconds / 1_000)} s: ${held}`;
};
