// Looks up online rows by key, many keys in one query.
import { type Database } from '../postgres/database.ts';
import { type StoredDefinition } from '../definitions/definitions.ts';
import { entityKeysSql } from '../join/instant-sql.ts';

/** Identifies one online row. */
export interface OnlineKey {
  readonly model: string;
  readonly definitionVersion: number;
  /** Key values as texts, in the order of the entity's keys. */
  readonly entityKey: readonly string[];
}

/** The features of an entity at one instant. */
export interface OnlineRow {
  /** The instant at which the values are valid. */
  readonly asOf: Date;
  readonly features: Readonly<Record<string, unknown>>;
  /**
   * For each view of the definition, the timestamp of the feature row that was used, in microseconds since 1970 UTC.
   */
  readonly viewTimes: readonly (number | null)[];
}

/** Finds online rows. The result has one element for each key, in order. */
export type LookUp = (keys: readonly OnlineKey[]) => Promise<(OnlineRow | undefined)[]>;

// A named statement, so that each connection parses it only once.
const FIND = {
  name: 'tidegate_online_lookup',
  text: `
    -- An unchanged row is not written again: it is valid up to the instant of the watermark.
    select wanted.place, greatest(found.as_of, complete.as_of) as as_of, found.features, found.view_times
    from unnest($1::text[], $2::int[], $3::text[]) with ordinality
      as wanted (model, definition_version, entity_key, place)
    join tidegate.online_row found
      on found.model = wanted.model
     and found.definition_version = wanted.definition_version
     and found.entity_key = wanted.entity_key::jsonb
    left join tidegate.online_watermark complete
      on complete.model = wanted.model
     and complete.definition_version = wanted.definition_version`,
};

/** Looks up online rows in one query. Returns one element per key, which is `undefined` if the key has no row. */
export async function findOnlineRows(
  database: Database,
  keys: readonly OnlineKey[],
): Promise<(OnlineRow | undefined)[]> {
  const { rows } = await database.pool.query<{
    place: number;
    as_of: Date;
    features: Record<string, unknown>;
    view_times: (number | null)[];
  }>({
    ...FIND,
    values: [
      keys.map(({ model }) => model),
      keys.map(({ definitionVersion }) => definitionVersion),
      keys.map(({ entityKey }) => JSON.stringify(entityKey)),
    ],
  });
  const found = new Array<OnlineRow | undefined>(keys.length).fill(undefined);
  for (const { place, as_of, features, view_times } of rows)
    found[place - 1] = { asOf: as_of, features, viewTimes: view_times };
  return found;
}

/** Counts the entities of the rows table at an instant that have no online row: 0 if the online rows are complete. */
export async function countMissingOnlineRows(
  database: Database,
  source: StoredDefinition,
  asOf: Date,
): Promise<number> {
  // EXCEPT hashes both sides. For an anti-join the planner would choose a nested loop while it has no statistics of
  // the new rows.
  const { rows } = await database.pool.query<{ missing: number }>(
    `select count(*) as missing
     from (
       ${entityKeysSql(source.definition)}
       except
       select entity_key from tidegate.online_row where model = $2 and definition_version = $3
     ) absent`,
    [asOf.toISOString(), source.model, source.version],
  );
  return rows[0]?.missing ?? 0;
}
