// The messages between a compute thread and the pool. Errors are sent by code, because a cloned error loses its class.
import { defectOf } from '../../domain/defect.ts';
import { type ErrorCode, type Place, TidegateError } from '../../domain/errors.ts';

/** A message to a thread: the name of a task in `tasks`, and a copy of its input. */
export interface TaskMessage {
  readonly task: string;
  readonly input: unknown;
}

/** The parts of an error that can be sent between threads. */
export interface ThreadFailure {
  readonly kind: 'failed';
  /** Null for an error that is not in the error table. */
  readonly code: ErrorCode | null;
  readonly message: string;
  readonly remedy?: string;
  readonly places?: readonly Place[];
  readonly stack?: string;
}

/** A message from a thread; `done` and `failed` end the task. */
export type ThreadMessage =
  | { readonly kind: 'progress'; readonly fraction: number }
  | { readonly kind: 'done'; readonly result: unknown }
  | ThreadFailure;

/** Converts an error to a message. @example parentPort.postMessage(failureOf(error)) */
export function failureOf(error: unknown): ThreadFailure {
  const { stack } = error instanceof Error ? error : new Error(String(error));
  const known = error instanceof TidegateError ? error : defectOf(error);
  const { message } = known ?? (error instanceof Error ? error : new Error(String(error)));
  return {
    kind: 'failed',
    code: known?.code ?? null,
    message,
    ...(known && { remedy: known.remedy, places: known.places }),
    ...(stack !== undefined && { stack }),
  };
}

/**
 * Converts a message back to an error with the same code, or with TRAINING_THREAD_FAILED if the message has no code.
 */
export function errorOf({ code, message, remedy, places, stack }: ThreadFailure): TidegateError {
  const cause = new Error(message);
  if (stack !== undefined) cause.stack = stack;
  if (code === null)
    return new TidegateError('TRAINING_THREAD_FAILED', `the compute thread failed: ${message}`, { cause });
  return new TidegateError(code, message, {
    cause,
    ...(remedy !== undefined && { remedy }),
    ...(places && { places }),
  });
}
