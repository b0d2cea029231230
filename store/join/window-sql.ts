// The point-in-time join of a window: the feature values that were known for each entity at each row time.
import { clusterKeys } from '../../domain/model/define-model.ts';
import { type ModelDefinition } from '../../domain/model/definition.ts';
import { type HoldoutPolicy } from '../../domain/model/holdout.ts';
import { entityKeySql, isHeldOutSql, keyTextsSql, windowSpineSql } from './spine-sql.ts';
import { type JoinPlan, probeAll, type ViewPlan } from './join-plan.ts';
import { labelJoinSql, labelSql, labelStateSql } from './label-join-sql.ts';
import { spineKeysSql } from './key-forms.ts';
import { backfilledSql, reachSql, sourceColumnsSql } from './select-list.ts';
import { viewJoinSql } from './view-join-sql.ts';

/**
 * Builds the statement that returns the rows of a window, ordered by the texts of their keys, byte by byte, and by time.
 *
 * Parameters: `$1` and `$2`, the window `($1, $2]`; `$3`, the instant by which a label must be known.
 * Columns: entity key (json array of texts), cluster key (likewise), row time in microseconds, held out, label
 * (1, 0 or null), then the source columns; for each view `matched_<n>`, and `hidden_<n>`: rows were in reach but none was
 * known in time; for each view `backfilled_<n>`: known only because of `knownSince`; `label_assumed` and `label_awaited`;
 * if views are merged, each key of the entity.
 *
 * @param plan how the tables are joined; it does not change the rows. @default index look-ups for every table
 */
export function windowSql(
  definition: ModelDefinition,
  holdout: HoldoutPolicy,
  plan: JoinPlan = probeAll(definition),
): string {
  const clusters = keyTextsSql(clusterKeys(definition));
  const columns = [
    `${entityKeySql(definition)}::text as entity_key`,
    `jsonb_build_array(${clusters.join(', ')})::text as cluster_key`,
    '(extract(epoch from spine.tidegate_time) * 1000000)::bigint as row_time',
    `(${isHeldOutSql(holdout, clusters)}) as held_out`,
    `${labelSql(definition)} as label`,
    ...sourceColumnsSql(definition, plan),
    ...reachSql(definition, plan),
    ...backfilledSql(definition, plan),
    ...labelStateSql(definition),
    ...(plan.keys ? spineKeysSql(definition, plan.keys) : []),
  ];
  const joins = definition.features.map((view, index) =>
    viewJoinSql(definition, view, index, plan.views[index] as ViewPlan),
  );
  return `
    with spine as (${windowSpineSql(definition)}
    )
    select
      ${columns.join(',\n      ')}
    from spine${joins.join('')}${labelJoinSql(definition, plan.label)}
    order by spine.tidegate_row`;
}
