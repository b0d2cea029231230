// Whether online rows are complete.
import { type Database } from '../database.ts';
import { type StoredDefinition } from '../definitions/definitions.ts';
import { entityKeysSql } from '../features/instant-sql.ts';

/** Entities of the spine at an instant that have no online row: 0 when the rows are complete. */
export async function countMissingOnlineRows(
  database: Database,
  source: StoredDefinition,
  asOf: Date,
): Promise<number> {
  // EXCEPT hashes both sides; an anti-join is nested by the planner while it knows nothing of the new rows.
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
