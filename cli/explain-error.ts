// Any failure as an error of the table: what Temporal wraps is unwrapped until its own words are found.
import {
  isGrpcServiceError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { ApplicationFailure, CancelledFailure, TemporalFailure, TerminatedFailure } from '@temporalio/common';
import { type ErrorCode, errorKinds, type Place, TidegateError } from '../domain/errors.ts';

const MOST_CAUSES = 10;

/**
 * The error of the table that a failure stands for; INTERNAL where it stands for none.
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

const INTERNAL_REMEDY = 'Set TIDEGATE_DEBUG=1 to see where it happened; the worker and the API log the rest.';

function chainOf(error: unknown): unknown[] {
  const chain: unknown[] = [];
  for (let cause = error; cause !== undefined && chain.length < MOST_CAUSES; cause = causeOf(cause))
    chain.push(cause);
  return chain;
}

const causeOf = (error: unknown): unknown => (error instanceof Error ? error.cause : undefined);

function explain(error: unknown): TidegateError | undefined {
  if (error instanceof TidegateError) return error;
  if (error instanceof WorkflowExecutionAlreadyStartedError) {
    return new TidegateError('ALREADY_RUNNING', `${error.workflowId} is running already`, {
      remedy: 'Wait for it to end; `tidegate status` says where it stands.',
      cause: error,
    });
  }
  if (error instanceof WorkflowNotFoundError) {
    return new TidegateError('NOTHING_PENDING', `no run ${error.workflowId} is open`, { cause: error });
  }
  if (error instanceof ApplicationFailure) return fromFailure(error);
  if (error instanceof CancelledFailure || error instanceof TerminatedFailure) {
    return new TidegateError('INTERNAL', `the run was ended by hand: ${error.message}`, {
      cause: error,
      remedy: "Look at the run in Temporal's web UI, then start it again.",
    });
  }
  if (isUnreachable(error)) {
    const { details } = error as { details?: string };
    return new TidegateError('TEMPORAL_UNREACHABLE', `Temporal did not answer: ${details ?? 'unavailable'}`, {
      cause: error,
    });
  }
  return undefined;
}

const GRPC_UNAVAILABLE = 14;

const isUnreachable = (error: unknown): boolean =>
  isGrpcServiceError(error) && (error.code as number) === GRPC_UNAVAILABLE;

/** A failure that a worker made of an error of the table: its type is the code, its message ends with the remedy. */
function fromFailure(failure: ApplicationFailure): TidegateError | undefined {
  const { type, message, details } = failure;
  if (!isErrorCode(type)) return undefined;
  const { remedy } = errorKinds[type];
  const [{ places = [] } = {}] = (details ?? []) as { places?: Place[] }[];
  return new TidegateError(type, message.replace(`. ${remedy}`, ''), { places, cause: failure });
}

const isErrorCode = (type: string | undefined | null): type is ErrorCode =>
  typeof type === 'string' && Object.hasOwn(errorKinds, type);
