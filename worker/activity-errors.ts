// Around every activity: heartbeats while it runs, and errors of the error table as failures that Temporal understands.
import { ApplicationFailure, Context } from '@temporalio/activity';
import {
  type ActivityExecuteInput,
  type ActivityInboundCallsInterceptor,
  type Next,
} from '@temporalio/worker';
import { TidegateError } from '../domain/errors.ts';

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
      throw asFailure(error);
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

/** An error of the table as a failure of its code: tried again only where the table says that this can help. */
export function asFailure(error: unknown): unknown {
  if (!(error instanceof TidegateError)) return error;
  return ApplicationFailure.create({
    type: error.code,
    message: `${error.message}. ${error.remedy}`,
    nonRetryable: !error.retryable,
    details: [{ places: error.places }],
    ...(error.cause instanceof Error && { cause: error.cause }),
  });
}
