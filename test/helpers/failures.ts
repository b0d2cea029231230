// Returns the failure of a call, so that a test can check its code and message.
import { TidegateError } from '../../domain/errors.ts';

/**
 * Returns the TidegateError with which a promise rejects; throws if it does not reject with one.
 *
 * @example expect(await failureOf(promote(...))).toMatchObject({ code: 'STALE_CHAMPION' });
 */
export async function failureOf(work: Promise<unknown>): Promise<TidegateError> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof TidegateError) return error;
  throw new Error('expected a TidegateError', { cause: error });
}

/** Returns the SQLSTATE with which Postgres refused; throws if it did not refuse. @example 'TG001' */
export async function sqlStateOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  const code = (error as { code?: unknown } | undefined)?.code;
  if (typeof code === 'string') return code;
  throw new Error('expected Postgres to refuse', { cause: error });
}
