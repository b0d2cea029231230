// What a request asks for, whatever form it has: entities, features, or both together.
import { type PredictBody } from '../schemas/prediction.ts';
import { type RequestKey } from './entity-key.ts';
import { type RequestRow } from './read-features.ts';

/** One prediction that is asked for. */
export interface Entry {
  readonly key?: RequestKey;
  readonly row?: RequestRow;
}

/** The entries of a request, in order. */
export function entriesOf({ key, features, keys, rows, entries }: PredictBody): Entry[] {
  if (entries) return entries.map((entry, index) => entryAt(`entries.${index}.`, entry));
  if (keys) return keys.map((each, index) => ({ key: { at: `keys.${index}`, key: each } }));
  if (rows) return rows.map((each, index) => ({ row: { at: `rows.${index}`, features: each } }));
  return [entryAt('', { key, features })];
}

const entryAt = (at: string, { key, features }: Pick<PredictBody, 'key' | 'features'>): Entry => ({
  ...(key && { key: { at: `${at}key`, key } }),
  ...(features && { row: { at: `${at}features`, features } }),
});
