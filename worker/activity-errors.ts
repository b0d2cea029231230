// Around every activity: it is watched while it runs, and errors of the error table become failures that Temporal understands.
import { ApplicationFailure, Context } from '@temporalio/activity';
import { TemporalFailure } from '@temporalio/common';
import {
  type ActivityExecuteInput,
  type ActivityInboundCallsInterceptor,
  type Next,
} from '@temporalio/worker';
import { NoResultError } from 'kysely';
import { defectOf } from '../domain/defect.ts';
import { TidegateError } from '../domain/errors.ts';
import { temporalFailure } from '../domain/temporal-failure.ts';
import { postgresFailure } from '../store/postgres/postgres-failure.ts';
import { type IsWorking, type StepWatchOptions, watchStep } from './step-watch.ts';

/** Watches an activity, so that one that stands still or whose worker died is noticed, and translates its error. */
export class ActivityErrors implements ActivityInboundCallsInterceptor {
  readonly #isWorking: IsWorking | undefined;
  readonly #times: StepWatchOptions;

  constructor(isWorking?: IsWorking, times: StepWatchOptions = {}) {
    this.#isWorking = isWorking;
    this.#times = times;
  }

  async execute(
    input: ActivityExecuteInput,
    next: Next<ActivityInboundCallsInterceptor, 'execute'>,
  ): Promise<unknown> {
    const context = Context.current();
    try {
      return await watchStep(context, () => next(input), this.#isWorking, this.#times);
    } catch (error) {
      throw asFailure(error, context.info.activityType);
    }
  }
}

/**
 * An error as a failure whose type is its code of the error table: tried again only if the table says that this can
 * help. What Postgres or Temporal said is looked up, and the step that met it named; so is a fault in the program, which
 * no retry mends. Any other error is passed on as it is, and tried again.
 */
export function asFailure(thrown: unknown, step?: string): unknown {
  const error = thrown instanceof TidegateError ? thrown : (ofServers(thrown) ?? ofProgram(thrown));
  if (error === undefined) return thrown;
  const saysNoStep = error !== thrown || error.code === 'DEFECT' || ofServers(error.cause) !== undefined;
  const at = step !== undefined && saysNoStep ? `${step}: ` : '';
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

/** A mistake in code, or a row that a step before should have written: what Temporal and its SDK throw is neither. */
function ofProgram(thrown: unknown): TidegateError | undefined {
  if (thrown instanceof TemporalFailure) return undefined;
  if (thrown instanceof NoResultError)
    return new TidegateError('DEFECT', 'a row that must be there is not', { cause: thrown });
  return defectOf(thrown);
}
