// How a command that failed is reported: its exit code, and the lines of the error.
import { type TidegateError } from '../../domain/errors.ts';

/** Exit code of a command that failed. */
export const EXIT_FAILED = 1;

/** Exit code of wrong usage. */
export const EXIT_USAGE = 2;

/** Exit code of a command that Ctrl-C ended early; the value that shells use. */
export const EXIT_INTERRUPTED = 130;

/**
 * Formats an error: code and message, one line per place, and the remedy. Adds the stack if asked to.
 *
 * @example errorLines(new TidegateError('UNKNOWN_MODEL', 'there is no model "x"'), { stack: false })
 * // ['error UNKNOWN_MODEL: there is no model "x"', 'remedy: Apply its definition first: …']
 */
export function errorLines(error: TidegateError, { stack }: { readonly stack: boolean }): string[] {
  return [
    `error ${error.code}: ${error.message}`,
    ...error.places.map(({ at, problem }) => `  ${at}: ${problem}`),
    `remedy: ${error.remedy}`,
    ...(stack ? stackOf(error) : []),
  ];
}

function stackOf(error: Error): string[] {
  const lines: string[] = [];
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    lines.push(cause === error ? '' : 'caused by', cause.stack ?? cause.message);
  }
  return lines;
}
