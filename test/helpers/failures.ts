// What a call failed with, so that a test can name the code and read the message.
import { TidegateError } from '../../domain/errors.ts';

/**
 * The failure of a promise; fails itself when the promise does not.
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

/** The SQLSTATE with which Postgres refused; fails when it did not refuse. @example 'TG001' */
export async function sqlStateOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  const code = (error as { code?: unknown } | undefined)?.code;
  if (typeof code === 'string') return code;
  throw new Error('expected Postgres to refuse', { cause: error });
}
