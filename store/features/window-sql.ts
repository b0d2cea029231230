// The point-in-time join of a window: for each entity and row time, the feature values that were known then.
import { clusterKeys } from '../../domain/features/define-model.ts';
import { type ModelDefinition } from '../../domain/features/definition.ts';
import { type HoldoutPolicy } from '../../domain/features/holdout.ts';
import { isHeldOutSql } from './holdout-sql.ts';
import { entityKeySql, keyTextsSql } from './keys-sql.ts';
import { labelJoinSql } from './label-join-sql.ts';
import { reachSql, sourceColumnsSql } from './select-list.ts';
import { windowSpineSql } from './spine-sql.ts';
import { viewJoinSql } from './view-join-sql.ts';

/**
 * The rows of a window, ordered by key and time.
 *
 * Parameters: `$1` and `$2`, the window `($1, $2]`; `$3`, the instant by which a label must be known.
 * Columns: entity key (json array of texts), cluster key (likewise), row time in microseconds, held out, label
 * (1, 0 or null), then the source columns, then for each view `matched_<n>`, and `hidden_<n>`: a row was in reach but
 * not yet known.
 */
export function windowSql(definition: ModelDefinition, holdout: HoldoutPolicy): string {
  const clusters = keyTextsSql(clusterKeys(definition));
  const inOrder = keyTextsSql(definition.entity.keys).map((key) => `${key} collate "C"`);
  return `
    with spine as (${windowSpineSql(definition)}
    )
    select
      ${entityKeySql(definition)}::text as entity_key,
      jsonb_build_array(${clusters.join(', ')})::text as cluster_key,
      (extract(epoch from spine.row_time) * 1000000)::bigint as row_time,
      (${isHeldOutSql(holdout, clusters)}) as held_out,
      label.label,
      ${[...sourceColumnsSql(definition), ...reachSql(definition)].join(',\n      ')}
    from spine${definition.features.map((view, index) => viewJoinSql(definition, view, index)).join('')}${labelJoinSql(definition)}
    order by ${inOrder.join(', ')}, spine.row_time`;
}
