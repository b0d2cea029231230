// Checks each second whether a step makes progress, and ends a step that has stalled.
import { isDeepStrictEqual } from 'node:util';
import { type Context } from '@temporalio/activity';
import { TidegateError } from '../domain/errors.ts';
import { type Database, openClient } from '../store/postgres/database.ts';
import { watched, Watched } from '../store/postgres/watched.ts';

/** Times in milliseconds. */
export interface StepWatchOptions {
  /**
   * How often a step is checked and sends a heartbeat. Cancellations arrive with the responses to heartbeats, and a
   * computation should end within two seconds of one. @default 1_000
   */
  readonly lookEvery?: number;
  /** After this time without progress, Postgres is asked whether it is working for the step. @default 30_000 */
  readonly askAfter?: number;
  /** After this time without progress, a step counts as stalled. @default 300_000 */
  readonly stalledAfter?: number;
}

/** Whether one of these Postgres backend processes is working on a statement. */
export type IsWorking = (backends: readonly number[]) => Promise<boolean>;

/**
 * Returns an `IsWorking` check that queries Postgres on a separate connection, because all connections of the pool may
 * be in use. A statement that waits for a lock, or for this process to read or send, does not count as working.
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
 * Runs a step, and sends heartbeats as long as it makes progress: bytes pass over its connections, Postgres works for it,
 * it computes in a thread, or it reports new progress. A step without any of these for five minutes is ended: its
 * connections are closed, so that other steps can use them, and Temporal tries it again.
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
    // Repeat the latest details, so that the reported progress stays visible.
    send(newest);
    const [now, { backends }] = [Date.now(), step];
    if (now - signAt >= stalledAfter) {
      step.cutOff();
      stall(new TidegateError('STEP_STALLED', describeStall(now - signAt, backends)));
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

const describeStall = (milliseconds: number, backends: readonly number[]): string => {
  const activity =
    backends.length === 0
      ? 'it held no connection'
      : `Postgres did nothing for its connections (pid ${backends.join(', ')})`;
  return `the step made no progress for ${Math.round(milliseconds / 1_000)} s: ${activity}`;
};
