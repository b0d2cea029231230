// The join of the label: of the row's very time, known by the instant of the freeze, the latest known of them.
import pg from 'pg';
import { type ModelDefinition } from '../../domain/features/definition.ts';
import { quoteColumn, quoteTable } from './identifiers.ts';
import { intervalSql } from './interval-sql.ts';
import { type JoinMethod } from './join-plan.ts';
import { entityKeyColumns, sameKeySql } from './keys-sql.ts';

/**
 * A left join of the label: `label.tidegate_label` is 1, 0, or null where no label is known.
 *
 * Parameter: `$3`, the instant by which a label must be known.
 */
export function labelJoinSql(definition: ModelDefinition, method: JoinMethod): string {
  const { table, column, timestamp, known } = definition.label;
  const value = `source.${quoteColumn(column)}`;
  const conditions = [
    sameKeySql(entityKeyColumns(definition)),
    `source.${quoteColumn(timestamp)} = spine.tidegate_time`,
    // A statement must name each of its parameters, so $3 stands even where nothing depends on it.
    known === undefined ? '$3::timestamptz is not null' : `source.${quoteColumn(known)} <= $3::timestamptz`,
  ].join('\n        and ');
  const latestKnown = known === undefined ? '' : `source.${quoteColumn(known)} desc, `;
  const order = `${latestKnown}${value} desc nulls last`;
  const label = `case when ${value} is null then null when ${isPositiveSql(definition, value)} then 1 else 0 end as tidegate_label`;
  if (method === 'scan') {
    return `
    left join (
      select distinct on (spine.tidegate_row) spine.tidegate_row, ${label}
      from spine
      join ${quoteTable(table)} source
        on ${conditions}
      order by spine.tidegate_row, ${order}
    ) label on label.tidegate_row = spine.tidegate_row`;
  }
  return `
    left join lateral (
      select ${label}
      from ${quoteTable(table)} source
      where ${conditions}
      order by ${order}
      limit 1
    ) label on true`;
}

function isPositiveSql({ label: { positive } }: ModelDefinition, value: string): string {
  return typeof positive === 'number'
    ? `${value}::float8 = ${positive}`
    : `${value}::text = ${pg.escapeLiteral(String(positive))}`;
}

/** Whether the label of a row is not expected yet: its delay has not passed at `$3`. */
const isAwaitedSql = ({ label }: ModelDefinition): string =>
  `spine.tidegate_time + ${intervalSql(label.delay)} >= $3::timestamptz`;

/** Whether the label is absent after its delay and the definition says what that means. */
const isAssumedSql = (definition: ModelDefinition): string =>
  definition.label.absentMeans === undefined
    ? 'false'
    : `(label.tidegate_label is null and not ${isAwaitedSql(definition)})`;

/** The label to learn from: as known, or 0 where it is absent after its delay and that means negative; else null. */
export const labelSql = (definition: ModelDefinition): string =>
  definition.label.absentMeans === undefined
    ? 'label.tidegate_label'
    : `case when ${isAssumedSql(definition)} then 0 else label.tidegate_label end`;

/**
 * What is said of the label beside its value: `label_assumed`, it is 0 because it is absent; `label_awaited`, it is null
 * and not expected yet. A row without a label that is not awaited is overdue.
 */
export const labelStateSql = (definition: ModelDefinition): string[] => [
  `${isAssumedSql(definition)} as label_assumed`,
  `(label.tidegate_label is null and ${isAwaitedSql(definition)}) as label_awaited`,
];
