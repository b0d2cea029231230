// The join of one view: for each entity row, the latest row that was known at the row time.
import { isNumeric } from '../../domain/model/parts/column.ts';
import { type SourceColumn } from '../../domain/model/define-model.ts';
import { type ModelDefinition, type ViewDefinition } from '../../domain/model/definition.ts';
import { categorySql } from './category-sql.ts';
import { quoteColumn, quoteTable } from '../postgres/sql-text.ts';
import { type ViewPlan } from './join-plan.ts';
import { sameKeySql, viewKeys } from './spine-sql.ts';
import { instantValueSql } from './usable-instant-sql.ts';
import { inReachSql, isBackfilledSql, latestFirstSql, wasKnownSql } from './reach-sql.ts';

/** The alias under which the statement refers to a view's columns. */
export const viewAlias = (view: number): string => `view_${view}`;

/**
 * Builds the expression for a column of `source` as it is frozen: float8 for numbers, microseconds since 1970 UTC for
 * instants (infinite if the instant is), the first 1,000 characters for categories, otherwise text.
 */
export function valueSql({ name, spec }: Pick<SourceColumn, 'name' | 'spec'>): string {
  const column = `source.${quoteColumn(name)}`;
  if (spec.type === 'instant') return `(extract(epoch from ${instantValueSql(column)}) * 1000000)::float8`;
  if (isNumeric(spec)) return `${column}::float8`;
  return spec.type === 'category' ? categorySql(`${column}::text`) : `${column}::text`;
}

/** What is selected from the row that is used: its columns, its timestamp, and whether it counts as known only because of `knownSince`. */
const valuesSql = (view: ViewDefinition): string =>
  [
    ...Object.entries(view.columns).map(
      ([name, spec]) => `${valueSql({ name, spec })} as ${quoteColumn(name)}`,
    ),
    `source.${quoteColumn(view.timestamp)}::timestamptz as tidegate_at`,
    `${isBackfilledSql(view)} as tidegate_backfilled`,
  ].join(', ');

/**
 * Builds a left join of the latest row in reach: the view's columns; `tidegate_matched`, true if there is such a row;
 * `tidegate_at`, its timestamp; `tidegate_backfilled`, whether it counts as known only because of `knownSince`. Builds
 * nothing for a view that Node merges.
 */
export const viewJoinSql = (
  definition: ModelDefinition,
  view: ViewDefinition,
  index: number,
  { method, uniqueTimes }: ViewPlan,
): string => {
  if (method === 'merge') return '';
  return method === 'probe'
    ? probeJoin(definition, view, index, uniqueTimes)
    : scanJoin(definition, view, index, uniqueTimes);
};

const probeJoin = (
  definition: ModelDefinition,
  view: ViewDefinition,
  index: number,
  uniqueTimes: boolean,
): string => `
    left join lateral (
      select ${valuesSql(view)}, true as tidegate_matched
      from ${quoteTable(view.table)} source
      where ${inReachSql(definition, view)}
        and ${wasKnownSql(view)}
      order by ${latestFirstSql(view, uniqueTimes)}
      limit 1
    ) ${viewAlias(index)} on true`;

// First finds the latest timestamp for each entity row over all pairs of an entity row and a row that it could use,
// then reads the values of the few rows with that timestamp. The pairs are only aggregated and never sorted.
function scanJoin(
  definition: ModelDefinition,
  view: ViewDefinition,
  index: number,
  uniqueTimes: boolean,
): string {
  const timestamp = `source.${quoteColumn(view.timestamp)}`;
  const ofSpine = ['tidegate_row', 'tidegate_time', ...definition.entity.keys.map(quoteColumn)]
    .map((column) => `spine.${column}`)
    .join(', ');
  const onlyKnown = view.known === undefined ? '' : ` filter (where ${wasKnownSql(view)})`;
  const table = quoteTable(view.table);
  return `
    left join (
      select distinct on (spine.tidegate_row) spine.tidegate_row, ${valuesSql(view)},
        spine.tidegate_latest is not null or null as tidegate_matched
      from (
        select ${ofSpine}, max(${timestamp})${onlyKnown} as tidegate_latest
        from spine
        join ${table} source
          on ${inReachSql(definition, view)}
        group by ${ofSpine}
      ) spine
      left join ${table} source
        on ${sameKeySql(viewKeys(definition, view))}
        and ${timestamp} = spine.tidegate_latest
        and ${wasKnownSql(view)}
      order by spine.tidegate_row, ${latestFirstSql(view, uniqueTimes)}
    ) ${viewAlias(index)} on ${viewAlias(index)}.tidegate_row = spine.tidegate_row`;
}

/** Whether only `known` hides values from an entity row: some were in reach, but none was known in time. */
export function hiddenSql(
  definition: ModelDefinition,
  view: ViewDefinition,
  index: number,
  { method }: ViewPlan,
): string {
  if (view.known === undefined || method === 'merge') return 'false';
  const alias = viewAlias(index);
  const isInReach =
    method === 'scan'
      ? `${alias}.tidegate_row is not null`
      : `exists (select from ${quoteTable(view.table)} source where ${inReachSql(definition, view)})`;
  return `(${alias}.tidegate_matched is null and ${isInReach})`;
}
