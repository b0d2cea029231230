// Around every activity: heartbeats while it runs, and errors of the error table as failures that Temporal understands.
import { ApplicationFailure, Context } from '@temporalio/activity';
import { TemporalFailure } from '@temporalio/common';
import {
  type ActivityExecuteInput,
  type ActivityInboundCallsInterceptor,
  type Next,
} from '@temporalio/worker';
import { TidegateError } from '../domain/errors.ts';
import { temporalFailure } from '../domain/temporal-failure.ts';
import { postgresFailure } from '../store/postgres-failure.ts';

// Cancellations come back with heartbeats: a training thread is to end within two seconds of one.
const HEARTBEAT_MS = 1_000;

/** Keeps an activity alive to the server, so that a dead worker is noticed, and translates its error. */
export class ActivityErrors implements ActivityInboundCallsInterceptor {
  async execute(
    input: ActivityExecuteInput,
    next: Next<ActivityInboundCallsInterceptor, 'execute'>,
  ): Promise<unknown> {
    const pulse = startPulse(Context.current());
    try {
      return await next(input);
    } catch (error) {
      throw asFailure(error, Context.current().info.activityType);
    } finally {
      clearInterval(pulse);
    }
  }
}

/** Repeats the newest heartbeat, so that what an activity reported of its progress stays visible. */
function startPulse(context: Context): NodeJS.Timeout {
  let newest: unknown;
  const send = context.heartbeat;
  (context as { heartbeat: Context['heartbeat'] }).heartbeat = (details) => {
    newest = details;
    send(details);
  };
  return setInterval(() => send(newest), HEARTBEAT_MS);
}

/**
 * An error as a failure whose type is its code of the error table: tried again only if the table says that this can
 * help. What Postgres or Temporal said is looked up, and the step that met it named.
 */
export function asFailure(thrown: unknown, step?: string): unknown {
  const error = thrown instanceof TidegateError ? thrown : ofServers(thrown);
  if (error === undefined) return thrown;
  const isOfServers = error !== thrown || ofServers(error.cause) !== undefined;
  const at = step !== undefined && isOfServers ? `${step}: ` : '';
  return ApplicationFailure.create({
    type: error.code,
    message: `${at}${error.message}. ${error.remedy}`,
    nonRetryable: !error.retryable,
    details: [{ places: error.places, remedy: error.remedy }],
    ...(error.cause instanceof Error && { cause: error.cause }),
  });
}

/** What Postgres or Temporal said. A failure that Temporal made itself carries a type, and what it wraps is another step's. */
const ofServers = (thrown: unknown): TidegateError | undefined =>
  thrown instanceof TemporalFailure ? undefined : (postgresFailure(thrown)?.error ?? temporalFailure(thrown));
