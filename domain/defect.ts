// Errors that only a fault in the program throws: the same call meets them again, however often it is tried.
import { TidegateError } from './errors.ts';

const OF_THE_LANGUAGE = [TypeError, RangeError, ReferenceError, SyntaxError, URIError, EvalError];

// Memory that is short now may be free later; a stream may have been closed by the other side in that very moment.
const MAY_PASS = /allocation failed|could not allocate/i;
const STATE_OF_A_STREAM = 'ERR_INVALID_STATE';

const MAX_CAUSES = 10;

/**
 * The error DEFECT for what only a mistake in code throws: errors of the language, failed assertions, and values that
 * cannot be copied to a thread. Nothing for any other error, such as a plain `Error`, which a library may throw of what
 * passes.
 *
 * The type alone does not decide: `fetch` reports each failure of the network as a TypeError with a cause, and then the
 * cause decides.
 *
 * @example defectOf(new TypeError('x is undefined'))?.code; // 'DEFECT'
 * @example defectOf(new TypeError('fetch failed', { cause: refused })); // undefined
 */
export function defectOf(thrown: unknown): TidegateError | undefined {
  let error = thrown;
  for (let depth = 0; depth < MAX_CAUSES; depth += 1) {
    if (!(error instanceof Error) || !isOfCode(error)) return undefined;
    // The language itself gives its errors no cause.
    if (error.cause === undefined) break;
    error = error.cause;
  }
  const { name, message } = thrown as Error;
  return new TidegateError('DEFECT', `${name}: ${message}`, { cause: thrown });
}

function isOfCode(error: Error): boolean {
  const { code } = error as { readonly code?: unknown };
  if (code === 'ERR_ASSERTION' || error.name === 'DataCloneError') return true;
  if (code === STATE_OF_A_STREAM || MAY_PASS.test(error.message)) return false;
  return OF_THE_LANGUAGE.some((type) => error instanceof type);
}
