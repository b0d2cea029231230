// The error table: one entry for each failure that Tidegate reports.
import { type ErrorCode, errorKinds } from './error-kinds.ts';

export { type ErrorCode, type ErrorKind, errorKinds } from './error-kinds.ts';

/** What is wrong with some input, and where. @example { at: 'users.csv:17 signup_date', problem: 'not a date' } */
export interface Place {
  readonly at: string;
  readonly problem: string;
}

/** How many places an error keeps. A check may stop once it has found more than this many. */
export const MAX_PLACES = 20;

// Far more characters than any message needs. The limits keep text from outside from filling a log.
const MAX_MESSAGE = 8_000;
const MAX_PLACE = 1_000;

/** Optional details of one error. */
export interface ErrorDetail {
  /** Wrong places of the input; the first 20 are kept. */
  readonly places?: readonly Place[];
  /** A more specific remedy than the one in the table. */
  readonly remedy?: string;
  readonly cause?: unknown;
}

/**
 * A failure with a code from the error table.
 *
 * @example throw new TidegateError('UNKNOWN_MODEL', `no model is named "${name}"`);
 */
export class TidegateError extends Error {
  readonly code: ErrorCode;
  readonly places: readonly Place[];
  readonly remedy: string;

  constructor(code: ErrorCode, message: string, detail: ErrorDetail = {}) {
    super(bounded(message, MAX_MESSAGE), detail.cause === undefined ? undefined : { cause: detail.cause });
    this.name = 'TidegateError';
    this.code = code;
    this.places = (detail.places ?? []).slice(0, MAX_PLACES).map(({ at, problem }) => ({
      at: bounded(at, MAX_PLACE),
      problem: bounded(problem, MAX_PLACE),
    }));
    this.remedy = detail.remedy ?? errorKinds[code].remedy;
  }

  get status(): number {
    return errorKinds[this.code].status;
  }

  get retryable(): boolean {
    return errorKinds[this.code].retryable;
  }
}

const bounded = (text: string, longest: number): string =>
  text.length <= longest ? text : `${text.slice(0, longest)}…`;

/**
 * Makes an error about wrong places in some input. Its message names the first place and counts the others.
 *
 * @param places at least one, and at most one more than {@link MAX_PLACES}, because a check stops after that many
 * @example throw errorAtPlaces('INVALID_FEATURE', [{ at: 'features.fee', problem: 'expected a number' }])
 */
export function errorAtPlaces(code: ErrorCode, places: readonly Place[]): TidegateError {
  const [first = { at: 'the request', problem: 'is wrong' }] = places;
  const more = places.length - 1;
  const others = places.length > MAX_PLACES ? `at least ${MAX_PLACES}` : String(more);
  return new TidegateError(code, `${first.at}: ${first.problem}${more > 0 ? ` (and ${others} more)` : ''}`, {
    places,
  });
}
