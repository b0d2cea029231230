// Chooses how each table is joined: by an index where there is one, else by reading the table once.
import { type ModelDefinition, type ViewDefinition } from '../../domain/model/definition.ts';
import { type Queryable, quoteColumn, quoteTable } from '../postgres/sql-text.ts';
import { type JoinMethod, type JoinPlan } from './join-plan.ts';
import { entityKeyColumns, sameKeySql, viewKeys } from './spine-sql.ts';
import { inReachSql } from './reach-sql.ts';

// A look-up that costs more than this part of reading the whole table has no index that serves it. With one it was the
// faster way by three times even where each row of the spine asked of a table three times as long.
const MOST_OF_SCAN = 0.1;

/**
 * The plan for a definition, as Postgres knows its tables and their indexes now. Statements are explained, none is run.
 *
 * @example windowSql(definition, holdout, await chooseJoinPlan(database.pool, definition))
 */
export async function chooseJoinPlan(client: Queryable, definition: ModelDefinition): Promise<JoinPlan> {
  const views = [];
  for (const view of definition.features) {
    views.push({
      method: await methodFor(
        client,
        view.table,
        lookUpSql(definition, view.table, {
          conditions: inReachSql(definition, view),
          timestamp: view.timestamp,
        }),
      ),
      uniqueTimes: await hasUniqueTimes(client, definition, view),
    });
  }
  return { views, label: await labelMethod(client, definition) };
}

/** How the label's table is joined. */
export function labelMethod(client: Queryable, definition: ModelDefinition): Promise<JoinMethod> {
  const { table, timestamp } = definition.label;
  const conditions = `${sameKeySql(entityKeyColumns(definition))} and source.${quoteColumn(timestamp)} = spine.tidegate_time`;
  return methodFor(client, table, lookUpSql(definition, table, { conditions, timestamp }));
}

async function methodFor(client: Queryable, table: string, lookUp: string): Promise<JoinMethod> {
  const whole = await explainCost(client, `select from ${quoteTable(table)}`);
  return (await explainCost(client, lookUp)) > MOST_OF_SCAN * whole ? 'scan' : 'probe';
}

/** The look-up of one row of the spine. */
function lookUpSql(
  { entity, rows }: ModelDefinition,
  table: string,
  { conditions, timestamp }: { readonly conditions: string; readonly timestamp: string },
): string {
  const keys = entity.keys.map(quoteColumn).join(', ');
  return `
    select from (
      select ${keys}, ${quoteColumn(rows.timestamp)}::timestamptz as tidegate_time from ${quoteTable(rows.table)} limit 1
    ) spine
    cross join lateral (
      select from ${quoteTable(table)} source
      where ${conditions}
      order by source.${quoteColumn(timestamp)} desc
      limit 1
    ) latest`;
}

interface Explained {
  readonly 'QUERY PLAN': readonly { readonly Plan: { readonly 'Total Cost': number } }[];
}

/** The planner's total cost of a statement, in its own units; Infinity where it says nothing. */
async function explainCost(client: Queryable, statement: string): Promise<number> {
  const { rows } = await client.query<Explained>(`explain (format json) ${statement}`);
  return rows[0]?.['QUERY PLAN'][0]?.Plan['Total Cost'] ?? Infinity;
}

/** Whether a unique index of the view's table rules full ties out; never of a SQL view, for it has no index. */
async function hasUniqueTimes(
  client: Queryable,
  definition: ModelDefinition,
  view: ViewDefinition,
): Promise<boolean> {
  const columns = [
    ...viewKeys(definition, view).map(({ column }) => column),
    view.timestamp,
    ...(view.known === undefined ? [] : [view.known]),
  ];
  const { rows } = await client.query<{ unique: boolean }>(
    `select exists (
       select from pg_index
       where indrelid = to_regclass($1) and indisunique and indisvalid and indpred is null and indexprs is null
         and (select array_agg(attname::text) from pg_attribute
              where attrelid = indrelid and attnum = any(indkey[0:indnkeyatts - 1])) <@ $2::text[]
     ) as unique`,
    [quoteTable(view.table), columns],
  );
  return rows[0]?.unique ?? false;
}
