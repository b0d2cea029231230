// SQL of the entity rows (`spine`): which entities at which times.
import { type ModelDefinition, type ViewDefinition } from '../../domain/model/definition.ts';
import { quoteColumn, quoteTable } from '../postgres/sql-text.ts';
import pg from 'pg';
import { holdoutBound, type HoldoutPolicy } from '../../domain/model/holdout.ts';

/**
 * Selects each entity and time of the window `($1, $2]` once: the key columns, `tidegate_time`, and `tidegate_row`, which
 * numbers the rows from 1 in the byte order of the keys' texts and then by time. Rows are returned in that order.
 *
 * The rest of the statement refers to rows by this number, so they are sorted only once, while they have few columns.
 */
export function windowSpineSql({ entity, rows }: ModelDefinition): string {
  const keys = entity.keys.map(quoteColumn);
  const timestamp = quoteColumn(rows.timestamp);
  const order = [...keys.map((key) => `${key}::text collate "C"`), 'tidegate_time'].join(', ');
  return `
      select ${keys.join(', ')}, tidegate_time, row_number() over (order by ${order}) as tidegate_row
      from (
        select distinct ${keys.join(', ')}, ${timestamp}::timestamptz as tidegate_time
        from ${quoteTable(rows.table)}
        where ${timestamp} > $1::timestamptz and ${timestamp} <= $2::timestamptz
      ) each_once
      order by tidegate_row`;
}

/**
 * Selects each entity that exists at the instant `$1`: the key columns, `tidegate_time`, which is $1, and
 * `tidegate_newest`, the time of its newest row.
 */
export function instantSpineSql({ entity, rows }: ModelDefinition): string {
  const keys = entity.keys.map(quoteColumn).join(', ');
  const timestamp = quoteColumn(rows.timestamp);
  return `
      select ${keys}, $1::timestamptz as tidegate_time, max(${timestamp})::timestamptz as tidegate_newest
      from ${quoteTable(rows.table)}
      where ${timestamp} <= $1::timestamptz
      group by ${keys}`;
}

/** A key column of the entity and the column of a table that contains it. */
export interface KeyColumn {
  /** Name of the entity's key, which is also its column in `spine`. */
  readonly key: string;
  readonly column: string;
}

/** The key columns of a view in the entity's order: those that `keys` maps, or by default all of the entity's. */
export function viewKeys({ entity }: ModelDefinition, { keys }: ViewDefinition): KeyColumn[] {
  if (keys === undefined) return entity.keys.map((key) => ({ key, column: key }));
  return entity.keys.flatMap((key) => (keys[key] === undefined ? [] : [{ key, column: keys[key] }]));
}

/** The key columns of the label's table, and of any other table with the same key columns as the entity. */
export const entityKeyColumns = ({ entity }: ModelDefinition): KeyColumn[] =>
  entity.keys.map((key) => ({ key, column: key }));

/** A condition that a row of `source` belongs to the entity of a row of `spine`; compares column by column, never as one concatenated text. */
export const sameKeySql = (keys: readonly KeyColumn[]): string =>
  keys.map(({ key, column }) => `source.${quoteColumn(column)} = spine.${quoteColumn(key)}`).join(' and ');

/** Expressions for key columns of `spine` as texts. */
export const keyTextsSql = (keys: readonly string[]): string[] =>
  keys.map((key) => `spine.${quoteColumn(key)}::text`);

/** An expression for the entity key of a row of `spine`: a jsonb array of texts. */
export const entityKeySql = ({ entity }: ModelDefinition): string =>
  `jsonb_build_array(${keyTextsSql(entity.keys).join(', ')})`;

/**
 * An expression for the holdout bucket of a cluster: a bigint from 0 to 2^32 − 1.
 *
 * @param keys expressions of type text, one per key column
 */
export function holdoutBucketSql(salt: string, keys: readonly string[]): string {
  const parts = [pg.escapeLiteral(salt), ...keys].map(
    (part) => `octet_length(convert_to((${part}), 'UTF8')) || ':' || (${part})`,
  );
  const hash = `sha256(convert_to(${parts.join(' || ')}, 'UTF8'))`;
  return `('x' || encode(substring(${hash} from 1 for 4), 'hex'))::bit(32)::bigint`;
}

/** An expression that is true for clusters in the holdout. */
export const isHeldOutSql = (policy: HoldoutPolicy, keys: readonly string[]): string =>
  `${holdoutBucketSql(policy.salt, keys)} < ${holdoutBound(policy.share)}`;
