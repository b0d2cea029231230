// What a compute thread and the pool say to each other. Errors are carried by code: a clone of one loses its class.
import { defectOf } from '../../domain/defect.ts';
import { type ErrorCode, type Place, TidegateError } from '../../domain/errors.ts';

/** What a thread is sent: the name of a task of the table, and a copy of its input. */
export interface TaskMessage {
  readonly task: string;
  readonly input: unknown;
}

/** An error in the parts that survive the way between threads. */
export interface ThreadFailure {
  readonly kind: 'failed';
  /** Null for an error that the error table does not know. */
  readonly code: ErrorCode | null;
  readonly message: string;
  readonly remedy?: string;
  readonly places?: readonly Place[];
  readonly stack?: string;
}

/** What a thread answers; `done` and `failed` end the task. */
export type ThreadMessage =
  | { readonly kind: 'progress'; readonly fraction: number }
  | { readonly kind: 'done'; readonly result: unknown }
  | ThreadFailure;

/** An error as a message. @example parentPort.postMessage(failureOf(error)) */
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

/** The error of a message: of the same code, or TRAINING_THREAD_FAILED if it had none. */
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
