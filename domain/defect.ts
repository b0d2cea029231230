// Recognises errors that only a mistake in the program can cause, and that a retry would therefore meet again.
import { TidegateError } from './errors.ts';

const OF_THE_LANGUAGE = [TypeError, RangeError, ReferenceError, SyntaxError, URIError, EvalError];

// Failures that may be temporary although their type is listed above: memory may be free again later, and the other end
// of a stream may just have closed it.
const MAY_PASS = /allocation failed|could not allocate/i;
const STATE_OF_A_STREAM = 'ERR_INVALID_STATE';

const MAX_CAUSES = 10;

/**
 * Returns a DEFECT error if only a mistake in code can have caused the thrown value: errors of the JavaScript language,
 * failed assertions, and values that cannot be cloned for a thread. Returns undefined for any other error, such as a
 * plain `Error`, which a library may throw for a temporary failure.
 *
 * The type of the error is not enough: `fetch` reports each network failure as a TypeError with a cause. If there is a
 * cause, the cause decides.
 *
 * @example defectOf(new TypeError('x is undefined'))?.code; // 'DEFECT'
 * @example defectOf(new TypeError('fetch failed', { cause: refused })); // undefined
 */
export function defectOf(thrown: unknown): TidegateError | undefined {
  let error = thrown;
  for (let depth = 0; depth < MAX_CAUSES; depth += 1) {
    if (!(error instanceof Error) || !isOfCode(error)) return undefined;
    // Errors thrown by the JavaScript engine itself have no cause.
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
