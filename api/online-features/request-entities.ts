// The entities of a request that gives each key column as a list.
import { TidegateError } from '../../domain/errors.ts';
import { excerpt } from '../../domain/excerpt.ts';
import { type KeyValue } from '../schemas/key.ts';

/** Key columns by name, as lists of one length. */
export type EntityLists = Readonly<Record<string, readonly KeyValue[]>>;

/**
 * The keys as they were sent, one list for each entity, in the order of the key columns.
 *
 * @throws TidegateError INVALID_REQUEST where a key column is missing or no key, or the lists differ in length
 */
export function requestEntities(columns: readonly string[], lists: EntityLists): KeyValue[][] {
  const given = Object.keys(lists);
  const places = [
    ...columns
      .filter((column) => !Object.hasOwn(lists, column))
      .map((column) => ({ at: `entities.${column}`, problem: 'is missing' })),
    ...given
      .filter((column) => !columns.includes(column))
      .map((column) => ({ at: `entities.${excerpt(column)}`, problem: 'is no key column of the entity' })),
  ];
  const length = lists[columns[0] ?? '']?.length ?? 0;
  for (const column of given) {
    const own = lists[column]?.length ?? 0;
    if (places.length === 0 && own !== length)
      places.push({
        at: `entities.${excerpt(column)}`,
        problem: `has ${own} values, and ${columns[0]} has ${length}`,
      });
  }
  const [first] = places;
  if (first) {
    const message = `${first.at} ${first.problem}; the entity is named by ${columns.join(', ')}`;
    throw new TidegateError('INVALID_REQUEST', message, { places });
  }
  return Array.from({ length }, (_, row) => columns.map((column) => lists[column]?.[row] ?? ''));
}
