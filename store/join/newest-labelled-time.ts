// Finds the newest row time for which a label exists. A training window ends at this time.
import { type ModelDefinition } from '../../domain/model/definition.ts';
import { type Database } from '../postgres/database.ts';
import { labelsKnownBy } from '../postgres/snapshot.ts';
import { labelMethod } from './choose-join-plan.ts';
import { quoteColumn, quoteTable } from '../postgres/sql-text.ts';
import { labelJoinSql, labelSql } from './label-join-sql.ts';
import { isUsableInstantSql, wholeMillisecondSql } from './usable-instant-sql.ts';
import { clusterKeys, holdoutPolicy } from '../../domain/model/define-model.ts';
import { type Window } from '../../domain/model/window.ts';
import { isHeldOutSql, keyTextsSql, windowSpineSql } from './spine-sql.ts';

/**
 * Returns the newest time of a row with a mature label (one that was known by `knownBy`), at or before `asOf` (or now
 * if that is null), rounded up to the millisecond; undefined if no row has a label. With `absentMeans`, a row whose
 * delay has passed counts as labelled.
 *
 * Rows are read from the newest backwards until one has a label. With an index on the timestamp of the entity rows and
 * one on the keys and timestamp of the label, only the rows that still wait for labels are read.
 *
 * @param knownBy the instant by which the label must be known. @default now
 */
export async function newestLabelledTime(
  database: Database,
  definition: ModelDefinition,
  asOf: Date | null,
  knownBy?: Date,
): Promise<Date | undefined> {
  const { rows: spine, entity } = definition;
  const keys = entity.keys.map(quoteColumn).join(', ');
  const timestamp = quoteColumn(spine.timestamp);
  const asKnownAt = knownBy?.toISOString() ?? (await labelsKnownBy(database.pool));
  const method = await labelMethod(database.pool, definition);
  const time = `${timestamp}::timestamptz as tidegate_time`;
  // Only the `scan` join needs row numbers.
  const rowNumber =
    method === 'scan' ? `, row_number() over (order by ${timestamp} desc) as tidegate_row` : '';
  const { rows } = await database.pool.query<{ newest: Date | null }>(
    `with spine as (
       select ${keys}, ${time}${rowNumber}
       from ${quoteTable(spine.table)}
       where ${timestamp} <= coalesce($1::timestamptz, now()) and ${isUsableInstantSql(timestamp)}
       order by ${timestamp} desc
     )
     select ${wholeMillisecondSql('spine.tidegate_time')} as newest
     from spine${labelJoinSql(definition, method, '$2')}
     where (${labelSql(definition, '$2')}) is not null
     order by spine.tidegate_time desc
     limit 1`,
    [asOf, asKnownAt],
  );
  return rows[0]?.newest ?? undefined;
}

/**
 * Returns the newest time of the model's entity rows that is not in the future, rounded up to the millisecond; if all
 * are in the future, the newest of all. Undefined if no row has a usable time (`isUsableInstantSql`).
 */
export async function newestRowTime(
  database: Database,
  { rows: spine }: ModelDefinition,
): Promise<Date | undefined> {
  const timestamp = quoteColumn(spine.timestamp);
  const newest = (condition: string): string =>
    wholeMillisecondSql(
      `(select max(${timestamp}) from ${quoteTable(spine.table)} where ${isUsableInstantSql(timestamp)}${condition})`,
    );
  const { rows } = await database.pool.query<{ newest: Date | null }>(
    `select coalesce(${newest(` and ${timestamp} <= now()`)}, ${newest('')}) as newest`,
  );
  return rows[0]?.newest ?? undefined;
}

/**
 * Counts the rows of a window whose label is known and that are not held out. Each entity and time is counted once.
 */
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
