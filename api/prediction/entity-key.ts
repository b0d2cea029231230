// Reads the key of an entity in a request.
import { MAX_PLACES, type Place, TidegateError } from '../../domain/errors.ts';
import { excerpt } from '../../domain/excerpt.ts';
import { type KeyValue } from '../schemas/key.ts';

/** A key of a request with the place it came from: `key`, or `keys.3`. */
export interface RequestKey {
  readonly at: string;
  readonly key: Readonly<Record<string, KeyValue>>;
}

/**
 * Key values as texts, in the order of the entity's key columns: as they stand in `tidegate.online_row`.
 *
 * @throws TidegateError INVALID_REQUEST where a key column is missing, or another is named
 * @example readEntityKeys(['user_id'], [{ at: 'key', key: { user_id: 7 } }]) // [['7']]
 */
export function readEntityKeys(columns: readonly string[], keys: readonly RequestKey[]): string[][] {
  const places: Place[] = [];
  for (const { at, key } of keys) {
    for (const column of columns) {
      if (!Object.hasOwn(key, column)) places.push({ at: `${at}.${column}`, problem: 'is missing' });
    }
    for (const column of Object.keys(key)) {
      if (!columns.includes(column))
        places.push({ at: `${at}.${excerpt(column)}`, problem: 'is no key column of the entity' });
    }
    if (places.length >= MAX_PLACES) break;
  }
  const [first] = places;
  if (first) {
    const message = `${first.at} ${first.problem}; the entity is named by ${columns.join(', ')}`;
    throw new TidegateError('INVALID_REQUEST', message, { places });
  }
  return keys.map(({ key }) => columns.map((column) => String(key[column])));
}
