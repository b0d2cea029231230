// The join of the label: of the labels at exactly the row's time, the latest one that was known when the window is frozen.
import { type ModelDefinition } from '../../domain/model/definition.ts';
import { quoteColumn, quoteTable } from '../postgres/sql-text.ts';
import { instantValueSql, intervalSql } from './usable-instant-sql.ts';
import { type JoinMethod } from './join-plan.ts';
import { entityKeyColumns, sameKeySql } from './spine-sql.ts';
import { labelValueSql, UNREADABLE } from './label-value-sql.ts';

/** The parameter of `windowSql` for the instant by which a label must be known. */
const AS_KNOWN_AT = '$3';

/**
 * Builds a left join of the label. `label.tidegate_label` is 1 for a positive label, 0 for a negative one, -1 if the
 * value means neither, and null if no label is known; `label.tidegate_known` is when it became known, null if the
 * table has no such column.
 *
 * @param asKnownAt the statement's parameter for the instant by which a label must be known
 */
export function labelJoinSql(
  definition: ModelDefinition,
  method: JoinMethod,
  asKnownAt: string = AS_KNOWN_AT,
): string {
  const { table, column, timestamp, known } = definition.label;
  const value = `source.${quoteColumn(column)}`;
  const conditions = [
    sameKeySql(entityKeyColumns(definition)),
    `source.${quoteColumn(timestamp)} = spine.tidegate_time`,
    // Postgres requires that a statement uses each of its parameters, so use it even if nothing depends on it.
    known === undefined
      ? `${asKnownAt}::timestamptz is not null`
      : `source.${quoteColumn(known)} <= ${asKnownAt}::timestamptz`,
  ].join('\n        and ');
  const latestKnown = known === undefined ? '' : `source.${quoteColumn(known)} desc, `;
  const order = `${latestKnown}${value} desc nulls last`;
  const label = `${labelValueSql(definition.label.positive, value)} as tidegate_label, ${known === undefined ? 'null::timestamptz' : instantValueSql(`source.${quoteColumn(known)}`)} as tidegate_known`;
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

/** Whether the label of a row is not expected yet, because its delay has not passed at `asKnownAt`. */
const isAwaitedSql = ({ label }: ModelDefinition, asKnownAt: string): string =>
  `spine.tidegate_time + ${intervalSql(label.delay)} >= ${asKnownAt}::timestamptz`;

/** Whether the label is absent after its delay and the definition says that absent means negative. */
const isAssumedSql = (definition: ModelDefinition, asKnownAt: string): string =>
  definition.label.absentMeans === undefined
    ? 'false'
    : `(label.tidegate_label is null and not ${isAwaitedSql(definition, asKnownAt)})`;

const KNOWN_LABEL = `nullif(label.tidegate_label, ${UNREADABLE})`;

/** The label to learn from: the known one; 0 if it is absent after its delay and that means negative; otherwise null. */
export const labelSql = (definition: ModelDefinition, asKnownAt: string = AS_KNOWN_AT): string =>
  definition.label.absentMeans === undefined
    ? KNOWN_LABEL
    : `case when ${isAssumedSql(definition, asKnownAt)} then 0 else ${KNOWN_LABEL} end`;

/**
 * Returns the columns for the state of the label. `label_assumed`: the label is 0 because it is absent.
 * `label_awaited`: the label is null and not expected yet. If a row has no label and is not awaited, its label is
 * overdue.
 */
export const labelStateSql = (definition: ModelDefinition): string[] => [
  `${isAssumedSql(definition, AS_KNOWN_AT)} as label_assumed`,
  `(label.tidegate_label is null and ${isAwaitedSql(definition, AS_KNOWN_AT)}) as label_awaited`,
];
