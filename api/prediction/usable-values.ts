// Decides which stored values of an entity are too old to use, view by view, at the time of the request.
import { type AgeLimit, pastMaxAge, type PastMaxAge } from '../../domain/model/max-age.ts';
import { errorAtPlaces, MAX_PLACES, type Place } from '../../domain/errors.ts';
import { type OnlineRow } from '../../store/online/lookup.ts';

/** The values of an online row that may be used. */
export interface UsableValues {
  readonly stored: Readonly<Record<string, unknown>>;
  /** The views whose values are older than their maxAge. */
  readonly tooOld: readonly PastMaxAge[];
}

/**
 * Removes the values that count as missing because of their age.
 *
 * @param sent columns that the request sends; the age of a view does not matter if all of its columns are sent
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
 * Refuses a request if values are too old and the definition says that this is an error.
 *
 * @param entities for each entity, its place in the request and the views that are too old
 * @throws TidegateError VALUES_TOO_OLD naming each entity and view
 */
export function refuseTooOld(
  entities: readonly { readonly at: string; readonly tooOld: readonly PastMaxAge[] }[],
): void {
  const places: Place[] = [];
  for (const { at, tooOld } of entities) {
    for (const { limit, timestamp } of tooOld) {
      if (limit.then !== 'error') continue;
      const age = `older than its maxAge of ${formatMaxAge(limit)}`;
      places.push({
        at,
        problem: `the value of ${limit.name} dates from ${timestamp.toISOString()}, ${age}`,
      });
    }
    if (places.length > MAX_PLACES) break;
  }
  if (places.length > 0) throw errorAtPlaces('VALUES_TOO_OLD', places.slice(0, MAX_PLACES + 1));
}

/** Formats the maxAge of a view as in its definition. @example '3 days' */
export const formatMaxAge = ({ maxAge: { amount, unit } }: AgeLimit): string =>
  `${amount} ${unit}${amount === 1 ? '' : 's'}`;
