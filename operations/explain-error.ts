// Turns any failure into an error with a code: unwraps Temporal's errors until the original one is found.
import { WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure, TemporalFailure, TerminatedFailure } from '@temporalio/common';
import { type ErrorCode, errorKinds, type Place, TidegateError } from '../domain/errors.ts';
import { temporalFailure } from '../domain/temporal-failure.ts';
import { postgresFailure } from '../store/postgres/postgres-failure.ts';

const MAX_CAUSES = 10;

/**
 * Returns the error with a code that a failure contains; INTERNAL if it contains none.
 *
 * @example explainError(new WorkflowExecutionAlreadyStartedError('…', 'monitor/churn', 'monitorWorkflow')).code
 */
export function explainError(error: unknown): TidegateError {
  for (const cause of chainOf(error)) {
    const explained = explain(cause);
    if (explained) return explained;
  }
  const innermost = chainOf(error).findLast((cause) => cause instanceof TemporalFailure) ?? error;
  const message = innermost instanceof Error ? innermost.message : String(innermost);
  return new TidegateError('INTERNAL', message, { cause: error, remedy: INTERNAL_REMEDY });
}

const INTERNAL_REMEDY =
  'Set TIDEGATE_DEBUG=1 to print the stack trace, and look into the logs of the worker and the API.';

function chainOf(error: unknown): unknown[] {
  const chain: unknown[] = [];
  for (let cause = error; cause !== undefined && chain.length < MAX_CAUSES; cause = causeOf(cause))
    chain.push(cause);
  return chain;
}

// `fetch` throws a TypeError whose cause is a socket error; it must not be taken for one of Postgres.
const causeOf = (error: unknown): unknown =>
  error instanceof Error && !(error instanceof TypeError) ? error.cause : undefined;

function explain(error: unknown): TidegateError | undefined {
  if (error instanceof TidegateError) return error;
  if (error instanceof WorkflowExecutionAlreadyStartedError) {
    return new TidegateError('ALREADY_RUNNING', `${error.workflowId} is already running`, {
      remedy: 'Wait for it to end; `tidegate status` shows its progress.',
      cause: error,
    });
  }
  if (error instanceof WorkflowNotFoundError) {
    return new TidegateError('NOTHING_PENDING', `no run ${error.workflowId} is open`, { cause: error });
  }
  if (error instanceof ApplicationFailure) return fromFailure(error);
  if (error instanceof CancelledFailure || error instanceof TerminatedFailure) {
    return new TidegateError('INTERNAL', `the run was cancelled or terminated: ${error.message}`, {
      cause: error,
      remedy: "See in Temporal's web UI why the run ended, then start it again.",
    });
  }
  return postgresFailure(error)?.error ?? temporalFailure(error);
}

/**
 * Restores the error that a worker turned into a failure: the type is the code, the details have message and remedy. The
 * failure's own message has both in one text, for Temporal's web UI.
 */
function fromFailure(failure: ApplicationFailure): TidegateError | undefined {
  const { type, message, details } = failure;
  if (!isErrorCode(type)) return undefined;
  const [detail = {}] = (details ?? []) as FailureDetail[];
  const { places = [], remedy = errorKinds[type].remedy } = detail;
  return new TidegateError(type, detail.message ?? message, { places, remedy, cause: failure });
}

interface FailureDetail {
  /** Without the remedy; absent in failures of earlier releases. */
  readonly message?: string;
  readonly places?: Place[];
  /** Absent in failures of earlier releases that had the default remedy of the code. */
  readonly remedy?: string;
}

const isErrorCode = (type: string | undefined | null): type is ErrorCode =>
  typeof type === 'string' && Object.hasOwn(errorKinds, type);
