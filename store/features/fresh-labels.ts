// How many rows of a window could be learnt from, as their labels are known now.
import { clusterKeys, holdoutPolicy } from '../../domain/features/define-model.ts';
import { type ModelDefinition } from '../../domain/features/definition.ts';
import { type Window } from '../../domain/features/window.ts';
import { type Database } from '../database.ts';
import { isHeldOutSql } from './holdout-sql.ts';
import { quoteColumn, quoteTable } from './identifiers.ts';

/** Rows of the window with a label that is known by now, outside the holdout; each entity and time once. */
export async function countFreshLabels(
  database: Database,
  definition: ModelDefinition,
  { from, to }: Window,
): Promise<number> {
  const { rows: spine, label, entity } = definition;
  const keys = entity.keys.map((key) => `spine.${quoteColumn(key)}`);
  const time = `spine.${quoteColumn(spine.timestamp)}`;
  const clusters = clusterKeys(definition).map((key) => `spine.${quoteColumn(key)}::text`);
  const sameKey = entity.keys
    .map((key) => `label.${quoteColumn(key)} = spine.${quoteColumn(key)}`)
    .join(' and ');
  const known = label.known === undefined ? '' : `and label.${quoteColumn(label.known)} <= now()`;
  const { rows } = await database.pool.query<{ count: number }>(
    `select count(*)::int as count from (
       select distinct ${keys.join(', ')}, ${time}
       from ${quoteTable(spine.table)} spine
       join ${quoteTable(label.table)} label
         on ${sameKey} and label.${quoteColumn(label.timestamp)} = ${time}
       where ${time} > $1::timestamptz and ${time} <= $2::timestamptz
         and label.${quoteColumn(label.column)} is not null ${known}
         and not (${isHeldOutSql(holdoutPolicy(definition), clusters)})
     ) as labelled`,
    [from, to],
  );
  return rows[0]?.count ?? 0;
}
