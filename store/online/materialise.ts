// Online rows: the features of every entity at one instant, kept for look-ups by key.
import { featuresOf } from '../../domain/features/define-model.ts';
import { isNumeric } from '../../domain/features/column.ts';
import { TidegateError } from '../../domain/errors.ts';
import { type Database } from '../database.ts';
import { type StoredDefinition } from '../definitions/definitions.ts';
import { quoteColumn } from '../features/identifiers.ts';
import { entityKeysSql, instantSql } from '../features/instant-sql.ts';

/** What a materialisation wrote. */
export interface Materialised {
  /** Entities that exist at the instant. */
  readonly entities: number;
  /** Rows written: new ones, and those whose values changed or grew newer. */
  readonly written: number;
}

/**
 * Writes one row per entity: the point-in-time join at `asOf`. Rows of a later instant stay.
 *
 * @throws TidegateError EMPTY_WINDOW where no entity exists at the instant: writing nothing is never a success
 */
export async function materialise(
  database: Database,
  source: StoredDefinition,
  asOf: Date,
): Promise<Materialised> {
  const { definition, version, model } = source;
  const columns = featuresOf(definition).map(({ name, spec }) => {
    const column = `joined.${quoteColumn(name)}`;
    // JSON holds neither NaN nor infinities; Postgres sorts NaN above Infinity.
    const value = isNumeric(spec) ? `case when abs(${column}) < 'Infinity' then ${column} end` : column;
    return `${value} as ${quoteColumn(name)}`;
  });
  const { rows } = await database.pool.query<{ entities: number; written: number }>(
    `with joined as (${instantSql(definition)}),
     written as (
       insert into tidegate.online_row (model, definition_version, entity_key, as_of, row_time, features)
       select $2, $3, joined.entity_key::jsonb, $1::timestamptz, joined.newest, to_jsonb(features)
       from joined cross join lateral (select ${columns.join(', ')}) features
       -- In one order, so that two that write the same rows wait for each other and do not lock each other out.
       order by joined.entity_key collate "C"
       on conflict (model, definition_version, entity_key) do update
         set as_of = excluded.as_of, row_time = excluded.row_time, features = excluded.features,
             materialised_at = excluded.materialised_at
         where tidegate.online_row.as_of < excluded.as_of
            or (tidegate.online_row.as_of = excluded.as_of
                and tidegate.online_row.features is distinct from excluded.features)
       returning 1
     )
     select (select count(*) from joined) as entities, (select count(*) from written) as written`,
    [asOf.toISOString(), model, version],
  );
  const result = rows[0] ?? { entities: 0, written: 0 };
  if (result.entities === 0) {
    throw new TidegateError(
      'EMPTY_WINDOW',
      `${definition.rows.table} has no entity at ${asOf.toISOString()}, so there is nothing to materialise`,
    );
  }
  return result;
}

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
