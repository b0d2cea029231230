// The point-in-time join at one instant, for online rows: all entities with the feature values known then.
import { type ModelDefinition } from '../../domain/model/definition.ts';
import { quoteColumn, quoteTable } from '../postgres/sql-text.ts';
import { probeAll, type ViewPlan } from './join-plan.ts';
import { entityKeySql, instantSpineSql } from './spine-sql.ts';
import { sourceColumnsSql, timesSql } from './select-list.ts';
import { viewJoinSql } from './view-join-sql.ts';

/**
 * Builds the statement that returns the source columns of every entity at one instant.
 *
 * Parameter: `$1`, the instant. Columns: entity key (json array of texts), the entity's newest row time, then the
 * source columns, then for each view `at_<n>`: the timestamp of the row that was used, in microseconds; null if no row
 * was found.
 */
export function instantSql(definition: ModelDefinition): string {
  const { views } = probeAll(definition);
  const joins = definition.features.map((view, index) =>
    viewJoinSql(definition, view, index, views[index] as ViewPlan),
  );
  return `
    with spine as (${instantSpineSql(definition)}
    )
    select
      ${entityKeySql(definition)}::text as entity_key,
      spine.tidegate_newest as newest,
      ${[...sourceColumnsSql(definition), ...timesSql(definition)].join(',\n      ')}
    from spine${joins.join('')}`;
}

/** Builds the statement that lists the entities at one instant. Parameter: `$1`, the instant. Column: entity key (jsonb array of texts). */
export const entityKeysSql = (definition: ModelDefinition): string => `
    select distinct ${entityKeySql(definition)} as entity_key
    from ${quoteTable(definition.rows.table)} spine
    where spine.${quoteColumn(definition.rows.timestamp)} <= $1::timestamptz`;
