// How many rows of a window could be learnt from, as their labels are known now.
import { clusterKeys, holdoutPolicy } from '../../domain/model/define-model.ts';
import { type ModelDefinition } from '../../domain/model/definition.ts';
import { type Window } from '../../domain/model/window.ts';
import { type Database } from '../database.ts';
import { labelsKnownBy } from '../datasets/snapshot.ts';
import { labelMethod } from './choose-join-plan.ts';
import { isHeldOutSql } from './holdout-sql.ts';
import { keyTextsSql } from './keys-sql.ts';
import { labelJoinSql, labelSql } from './label-join-sql.ts';
import { windowSpineSql } from './spine-sql.ts';

/** Rows of the window with a mature label, outside the holdout; each entity and time once. */
export async function countFreshLabels(
  database: Database,
  definition: ModelDefinition,
  { from, to }: Window,
): Promise<number> {
  const method = await labelMethod(database.pool, definition);
  const isHeldOut = isHeldOutSql(holdoutPolicy(definition), keyTextsSql(clusterKeys(definition)));
  const { rows } = await database.pool.query<{ count: number }>(
    `with spine as (${windowSpineSql(definition)})
     select count(*)::int as count
     from spine${labelJoinSql(definition, method)}
     where (${labelSql(definition)}) is not null and not (${isHeldOut})`,
    [from, to, await labelsKnownBy(database.pool)],
  );
  return rows[0]?.count ?? 0;
}
