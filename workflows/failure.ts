// Why a step failed, in the words of the error that ended it.
import { ActivityFailure, ApplicationFailure, isCancellation } from '@temporalio/workflow';

// A message travels on to activities and notifications; a driver's error can be as long as its statement.
const LONGEST_MESSAGE = 2_000;

/** What ended a run. */
export interface StepFailure {
  readonly kind: 'failed' | 'cancelled';
  /** Code of the error table, where the failure carried one. */
  readonly code: string | null;
  /** At most 2,000 characters. */
  readonly message: string;
}

/** Reads a caught error. */
export function describeFailure(error: unknown): StepFailure {
  if (isCancellation(error)) return { kind: 'cancelled', code: null, message: 'cancelled' };
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof ApplicationFailure) {
    return { kind: 'failed', code: cause.type ?? null, message: cause.message.slice(0, LONGEST_MESSAGE) };
  }
  const message = cause instanceof Error ? cause.message : String(cause);
  return { kind: 'failed', code: null, message: message.slice(0, LONGEST_MESSAGE) };
}
