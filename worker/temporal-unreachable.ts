// What is reported if no connection to Temporal comes about, by either kind of connection.
import { TidegateError } from '../domain/errors.ts';
import { temporalFailure } from '../domain/temporal-failure.ts';

/** The error of a connection that failed, with the address that was tried: TEMPORAL_UNREACHABLE if nothing else is known. */
export function temporalUnreachable(address: string | undefined, cause: unknown): TidegateError {
  const at = address ?? 'localhost:7233';
  const known = temporalFailure(cause);
  if (known && known.code !== 'TEMPORAL_UNREACHABLE' && known.code !== 'TEMPORAL_TIMEOUT') {
    return new TidegateError(known.code, `${known.message} (${at})`, { cause });
  }
  const problem = cause instanceof Error ? cause.message : String(cause);
  return new TidegateError('TEMPORAL_UNREACHABLE', `Temporal at ${at} did not answer: ${problem}`, { cause });
}
