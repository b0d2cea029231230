// The point-in-time join: for each entity and row time, the feature values that were known then.
import pg from 'pg';
import { isNumeric } from '../../domain/features/column.ts';
import { clusterKeys, featuresOf } from '../../domain/features/define-model.ts';
import { type ModelDefinition, type ViewDefinition } from '../../domain/features/definition.ts';
import { durationOf } from '../../domain/features/duration.ts';
import { type HoldoutPolicy } from '../../domain/features/holdout.ts';
import { isHeldOutSql } from './holdout-sql.ts';
import { quoteColumn, quoteTable } from './identifiers.ts';

const interval = (text: string): string => {
  const { amount, unit } = durationOf(text);
  return `interval '${amount} ${unit}s'`;
};

const sameKey = (definition: ModelDefinition, alias: string): string =>
  definition.entity.keys
    .map((key) => `${alias}.${quoteColumn(key)} = spine.${quoteColumn(key)}`)
    .join(' and ');

/** Rows of a view that an entity could see at the row time if each were known at its own timestamp. */
function inReach(definition: ModelDefinition, view: ViewDefinition): string {
  const timestamp = `source.${quoteColumn(view.timestamp)}`;
  const conditions = [sameKey(definition, 'source'), `${timestamp} <= spine.row_time`];
  if (view.ttl !== undefined) conditions.push(`${timestamp} >= spine.row_time - ${interval(view.ttl)}`);
  return conditions.join('\n        and ');
}

/** Whether a row of a view was known by the row time; a constant where the view does not say. */
function wasKnown(view: ViewDefinition): string {
  if (view.known === undefined) return 'true';
  const known = `source.${quoteColumn(view.known)}`;
  const inTime = `${known} <= spine.row_time + ${interval(view.lag ?? '0 hours')}`;
  return view.knownSince === undefined
    ? inTime
    : `(${inTime} or ${known} < ${pg.escapeLiteral(view.knownSince)}::timestamptz)`;
}

// Latest timestamp wins, then latest known; the greatest values settle a full tie, so that where a row happens to lie
// in the table does not matter, and a view can be the source.
const latestFirst = (view: ViewDefinition): string =>
  [
    ...[view.timestamp, ...(view.known === undefined ? [] : [view.known])].map(
      (column) => `source.${quoteColumn(column)} desc`,
    ),
    ...Object.keys(view.columns).map((column) => `source.${quoteColumn(column)} desc nulls last`),
  ].join(', ');

/** One lateral join per view: its columns as float8 or text, whether a row matched, and the row's timestamp. */
function viewJoin(definition: ModelDefinition, view: ViewDefinition, index: number): string {
  const columns = Object.entries(view.columns).map(
    ([name, spec]) =>
      `source.${quoteColumn(name)}::${isNumeric(spec) ? 'float8' : 'text'} as ${quoteColumn(name)}`,
  );
  return `
    left join lateral (
      select ${columns.join(', ')}, true as matched, source.${quoteColumn(view.timestamp)}::timestamptz as tidegate_at
      from ${quoteTable(view.table)} source
      where ${inReach(definition, view)}
        and ${wasKnown(view)}
      order by ${latestFirst(view)}
      limit 1
    ) view_${index} on true`;
}

const existsIgnoringKnown = (definition: ModelDefinition, view: ViewDefinition): string =>
  view.known === undefined
    ? 'false'
    : `exists (select from ${quoteTable(view.table)} source where ${inReach(definition, view)})`;

function labelJoin(definition: ModelDefinition): string {
  const { table, column, timestamp, known, positive } = definition.label;
  const value = `source.${quoteColumn(column)}`;
  const isPositive =
    typeof positive === 'number'
      ? `${value}::float8 = ${positive}`
      : `${value}::text = ${pg.escapeLiteral(String(positive))}`;
  // A statement must name each of its parameters, so $3 stands even where nothing depends on it.
  const knownBy =
    known === undefined ? '$3::timestamptz is not null' : `source.${quoteColumn(known)} <= $3::timestamptz`;
  const latestKnown = known === undefined ? '' : `source.${quoteColumn(known)} desc, `;
  return `
    left join lateral (
      select case when ${value} is null then null when ${isPositive} then 1 else 0 end as label
      from ${quoteTable(table)} source
      where ${sameKey(definition, 'source')}
        and source.${quoteColumn(timestamp)} = spine.row_time
        and ${knownBy}
      order by ${latestKnown}${value} desc nulls last
      limit 1
    ) label on true`;
}

const keyTexts = (keys: readonly string[]): string[] => keys.map((key) => `spine.${quoteColumn(key)}::text`);

const features = (definition: ModelDefinition): string[] =>
  featuresOf(definition).flatMap(({ name, view }) =>
    view === null ? [] : [`view_${view}.${quoteColumn(name)}`],
  );

/**
 * The rows of a window, ordered by key and time.
 *
 * Parameters: `$1` and `$2`, the window `($1, $2]`; `$3`, the instant by which a label must be known.
 * Columns: entity key (json array of texts), cluster key (likewise), row time in microseconds, held out, label
 * (1, 0 or null), then the features, then for each view `matched_<n>`, and `hidden_<n>`: a row was in reach but
 * not yet known.
 */
export function windowSql(definition: ModelDefinition, holdout: HoldoutPolicy): string {
  const keys = definition.entity.keys.map(quoteColumn);
  const timestamp = quoteColumn(definition.rows.timestamp);
  const clusters = keyTexts(clusterKeys(definition));
  const reach = definition.features.flatMap((view, index) => [
    `view_${index}.matched as matched_${index}`,
    `(view_${index}.matched is null and ${existsIgnoringKnown(definition, view)}) as hidden_${index}`,
  ]);
  return `
    with spine as (
      select distinct ${keys.join(', ')}, ${timestamp}::timestamptz as row_time
      from ${quoteTable(definition.rows.table)}
      where ${timestamp} > $1::timestamptz and ${timestamp} <= $2::timestamptz
    )
    select
      jsonb_build_array(${keyTexts(definition.entity.keys).join(', ')})::text as entity_key,
      jsonb_build_array(${clusters.join(', ')})::text as cluster_key,
      (extract(epoch from spine.row_time) * 1000000)::bigint as row_time,
      (${isHeldOutSql(holdout, clusters)}) as held_out,
      label.label,
      ${[...features(definition), ...reach].join(',\n      ')}
    from spine${definition.features.map((view, index) => viewJoin(definition, view, index)).join('')}${labelJoin(definition)}
    order by ${keyTexts(definition.entity.keys)
      .map((key) => `${key} collate "C"`)
      .join(', ')}, spine.row_time`;
}

/**
 * The features of every entity at one instant, for online rows.
 *
 * Parameter: `$1`, the instant. Columns: entity key (json array of texts), the entity's newest row time, features, then
 * for each view `at_<n>`: the timestamp of the row that was used, in microseconds, null where none was.
 */
export function instantSql(definition: ModelDefinition): string {
  const keys = definition.entity.keys.map(quoteColumn);
  const timestamp = quoteColumn(definition.rows.timestamp);
  const times = definition.features.map(
    (_, index) =>
      `(extract(epoch from nullif(view_${index}.tidegate_at, '-infinity')) * 1000000)::bigint as at_${index}`,
  );
  return `
    with spine as (
      select ${keys.join(', ')}, $1::timestamptz as row_time, max(${timestamp})::timestamptz as newest
      from ${quoteTable(definition.rows.table)}
      where ${timestamp} <= $1::timestamptz
      group by ${keys.join(', ')}
    )
    select
      jsonb_build_array(${keyTexts(definition.entity.keys).join(', ')})::text as entity_key,
      spine.newest as newest,
      ${[...features(definition), ...times].join(',\n      ')}
    from spine${definition.features.map((view, index) => viewJoin(definition, view, index)).join('')}`;
}

/** The entities that exist at one instant. Parameter: `$1`, the instant. Column: entity key (jsonb array of texts). */
export const entityKeysSql = (definition: ModelDefinition): string => `
    select distinct jsonb_build_array(${keyTexts(definition.entity.keys).join(', ')}) as entity_key
    from ${quoteTable(definition.rows.table)} spine
    where spine.${quoteColumn(definition.rows.timestamp)} <= $1::timestamptz`;
