// What is said where Temporal does not answer, by whichever kind of connection.
import { TidegateError } from '../domain/errors.ts';

/** TEMPORAL_UNREACHABLE, saying where it tried and what the connection said. */
export function temporalUnreachable(address: string | undefined, cause: unknown): TidegateError {
  const problem = cause instanceof Error ? cause.message : String(cause);
  return new TidegateError(
    'TEMPORAL_UNREACHABLE',
    `Temporal at ${address ?? 'localhost:7233'} did not answer: ${problem}`,
    { cause },
  );
}
