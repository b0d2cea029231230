// Reads the key of an entity in a request.
import { type Place, TidegateError } from '../../domain/errors.ts';

/** A key of a request with the place it came from: `key`, or `keys.3`. */
export interface RequestKey {
  readonly at: string;
  readonly key: Readonly<Record<string, string | number>>;
}

/**
 * Key values as texts, in the order of the entity's key columns: as they stand in `tidegate.online_row`.
 *
 * @throws TidegateError INVALID_REQUEST where a key column is missing, or another is named
 * @example readEntityKeys(['user_id'], [{ at: 'key', key: { user_id: 7 } }]) // [['7']]
 */
export function readEntityKeys(columns: readonly string[], keys: readonly RequestKey[]): string[][] {
  const places: Place[] = keys.flatMap(({ at, key }) => [
    ...columns
      .filter((column) => !Object.hasOwn(key, column))
      .map((column) => ({ at: `${at}.${column}`, problem: 'is missing' })),
    ...Object.keys(key)
      .filter((column) => !columns.includes(column))
      .map((column) => ({ at: `${at}.${column}`, problem: 'is no key column of the entity' })),
  ]);
  const [first] = places;
  if (first) {
    const message = `${first.at} ${first.problem}; the entity is named by ${columns.join(', ')}`;
    throw new TidegateError('INVALID_REQUEST', message, { places });
  }
  return keys.map(({ key }) => columns.map((column) => String(key[column])));
}

/** Key values by column, for an answer. */
export const nameEntityKey = (columns: readonly string[], key: readonly string[]): Record<string, string> =>
  Object.fromEntries(columns.map((column, index) => [column, key[index] ?? '']));
