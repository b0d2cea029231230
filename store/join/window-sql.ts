// The point-in-time join of a window: for each entity and row time, the feature values that were known then.
import { clusterKeys } from '../../domain/model/define-model.ts';
import { type ModelDefinition } from '../../domain/model/definition.ts';
import { type HoldoutPolicy } from '../../domain/model/holdout.ts';
import { entityKeySql, isHeldOutSql, keyTextsSql, windowSpineSql } from './spine-sql.ts';
import { type JoinPlan, probeAll, type ViewPlan } from './join-plan.ts';
import { labelJoinSql, labelSql, labelStateSql } from './label-join-sql.ts';
import { backfilledSql, reachSql, sourceColumnsSql } from './select-list.ts';
import { viewJoinSql } from './view-join-sql.ts';

/**
 * The rows of a window, ordered by the texts of their keys, byte by byte, and by time.
 *
 * Parameters: `$1` and `$2`, the window `($1, $2]`; `$3`, the instant by which a label must be known.
 * Columns: entity key (json array of texts), cluster key (likewise), row time in microseconds, held out, label
 * (1, 0 or null), then the source columns; for each view `matched_<n>`, and `hidden_<n>`: a row was in reach but
 * not yet known; for each view `backfilled_<n>`: known by `knownSince` alone; `label_assumed` and `label_awaited`.
 *
 * @param plan how the tables are joined; the rows are the same under any. @default each row is looked up by an index
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
    ...sourceColumnsSql(definition),
    ...reachSql(definition, plan),
    ...backfilledSql(definition),
    ...labelStateSql(definition),
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
