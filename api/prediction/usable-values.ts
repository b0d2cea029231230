// The stored values of an entity that may still be used: each view's age is judged when it is asked for.
import { type AgeLimit, pastMaxAge, type PastMaxAge } from '../../domain/model/max-age.ts';
import { errorAtPlaces, MAX_PLACES, type Place } from '../../domain/errors.ts';
import { type OnlineRow } from '../../store/online/lookup.ts';

/** What is left of an online row. */
export interface UsableValues {
  readonly stored: Readonly<Record<string, unknown>>;
  /** The views whose values are older than their limit. */
  readonly tooOld: readonly PastMaxAge[];
}

/**
 * Takes out the values that count as missing for their age.
 *
 * @param sent columns that the request brings itself: a view that is not read for any other does not matter
 */
export function usableValues(
  limits: readonly AgeLimit[],
  row: OnlineRow,
  now: Date,
  sent: ReadonlyMap<string, unknown> = new Map(),
): UsableValues {
  const tooOld = pastMaxAge(limits, row.viewTimes, now).filter(({ limit }) =>
    limit.columns.some((column) => !sent.has(column)),
  );
  const missing = tooOld.filter(({ limit }) => limit.then === 'null').flatMap(({ limit }) => limit.columns);
  if (missing.length === 0) return { stored: row.features, tooOld };
  const gone = new Set(missing);
  return {
    stored: Object.fromEntries(Object.entries(row.features).filter(([name]) => !gone.has(name))),
    tooOld,
  };
}

/**
 * Refuses a request for the values of views whose definition asks for that.
 *
 * @param entities the entities with their place in the request and what is too old
 * @throws TidegateError VALUES_TOO_OLD naming each entity and view
 */
export function refuseTooOld(
  entities: readonly { readonly at: string; readonly tooOld: readonly PastMaxAge[] }[],
): void {
  const places: Place[] = [];
  for (const { at, tooOld } of entities) {
    for (const { limit, timestamp } of tooOld) {
      if (limit.then !== 'error') continue;
      const age = `older than its maxAge of ${inWords(limit)}`;
      places.push({ at, problem: `the value of ${limit.name} is of ${timestamp.toISOString()}, ${age}` });
    }
    if (places.length > MAX_PLACES) break;
  }
  if (places.length > 0) throw errorAtPlaces('VALUES_TOO_OLD', places.slice(0, MAX_PLACES + 1));
}

/** A limit as the definition wrote it. @example '3 days' */
export const inWords = ({ maxAge: { amount, unit } }: AgeLimit): string =>
  `${amount} ${unit}${amount === 1 ? '' : 's'}`;
