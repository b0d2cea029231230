// Removes the online rows of entities that are no longer in the spine.
import type pg from 'pg';
import { type ModelDefinition } from '../../domain/features/definition.ts';
import { entityKeysSql } from '../features/instant-sql.ts';
import { type RowsOf } from './online-writer.ts';

/** Removes rows up to the instant whose entity does not exist at it; returns how many. */
export async function removeVanished(
  client: pg.ClientBase,
  { model, version }: RowsOf,
  definition: ModelDefinition,
  asOf: Date,
): Promise<number> {
  const { rowCount } = await client.query(
    `delete from tidegate.online_row
     where model = $2 and definition_version = $3 and as_of <= $1::timestamptz
       and entity_key in (
         select entity_key from tidegate.online_row where model = $2 and definition_version = $3
         except
         (${entityKeysSql(definition)})
       )`,
    [asOf, model, version],
  );
  return rowCount ?? 0;
}
