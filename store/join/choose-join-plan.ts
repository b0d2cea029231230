// Chooses how each table is joined: by index look-ups if an index serves them, otherwise by reading the table once.
import { type ModelDefinition, type ViewDefinition } from '../../domain/model/definition.ts';
import { type Queryable, quoteColumn, quoteTable } from '../postgres/sql-text.ts';
import { type JoinMethod, type JoinPlan } from './join-plan.ts';
import { explain } from './explain.ts';
import { entityKeyColumns, sameKeySql, viewKeys } from './spine-sql.ts';
import { inReachSql } from './reach-sql.ts';

// A look-up that costs more than this share of a scan of the whole table is taken to have no index that it can use. With
// an index, look-ups were three times as fast as a scan even if there were a third as many entity rows as table rows.
const MAX_SHARE_OF_SCAN = 0.1;

/**
 * Chooses the plan for a definition from the current tables and indexes. Runs EXPLAIN only, never the statements.
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

/** Chooses how the label's table is joined. */
export function labelMethod(client: Queryable, definition: ModelDefinition): Promise<JoinMethod> {
  const { table, timestamp } = definition.label;
  const conditions = `${sameKeySql(entityKeyColumns(definition))} and source.${quoteColumn(timestamp)} = spine.tidegate_time`;
  return methodFor(client, table, lookUpSql(definition, table, { conditions, timestamp }));
}

async function methodFor(client: Queryable, table: string, lookUp: string): Promise<JoinMethod> {
  const whole = await costOf(client, `select from ${quoteTable(table)}`);
  return (await costOf(client, lookUp)) > MAX_SHARE_OF_SCAN * whole ? 'scan' : 'probe';
}

const costOf = async (client: Queryable, statement: string): Promise<number> =>
  (await explain(client, statement))?.['Total Cost'] ?? Infinity;

/** A statement that looks up the row of a table for one entity row. */
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

/** Whether a unique index on the view's table rules out complete ties; false for a SQL view, which has no indexes. */
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
