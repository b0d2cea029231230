// What a thread says to the one that started it. Errors are carried by code: a clone of one loses its class.
import { type ErrorCode, type Place, TidegateError } from '../../domain/errors.ts';

/** An error in the parts that survive the way between threads. */
export interface ThreadFailure {
  readonly kind: 'failed';
  /** Null for an error that is not of the error table. */
  readonly code: ErrorCode | null;
  readonly message: string;
  readonly remedy?: string;
  readonly places?: readonly Place[];
  readonly stack?: string;
}

/** A message of a thread; `done` and `failed` are its last. */
export type ThreadMessage =
  | { readonly kind: 'progress'; readonly fraction: number }
  | { readonly kind: 'done'; readonly result: unknown }
  | ThreadFailure;

/** An error as a message. @example parentPort.postMessage(failureOf(error)) */
export function failureOf(error: unknown): ThreadFailure {
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  const known = error instanceof TidegateError ? error : null;
  return {
    kind: 'failed',
    code: known?.code ?? null,
    message,
    ...(known && { remedy: known.remedy, places: known.places }),
    ...(stack !== undefined && { stack }),
  };
}

/** The error of a message: of the same code, or TRAINING_THREAD_FAILED where it had none. */
export function errorOf({ code, message, remedy, places, stack }: ThreadFailure): TidegateError {
  const cause = new Error(message);
  if (stack !== undefined) cause.stack = stack;
  if (code === null)
    return new TidegateError('TRAINING_THREAD_FAILED', `the training thread failed: ${message}`, { cause });
  return new TidegateError(code, message, {
    cause,
    ...(remedy !== undefined && { remedy }),
    ...(places && { places }),
  });
}
