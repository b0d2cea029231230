// The newest row time for which a label exists: where a training window ends.
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
 * The newest time at or before `asOf`, or now where it is null, of a row with a mature label, rounded up to the millisecond; none where no row has
 * one. With `absentMeans`, a row whose delay has passed is labelled.
 *
 * @param knownBy the instant by which the label must be known. @default now
 *
 * Rows are looked at from the newest on and the first that has a label ends it: an index on the spine's timestamp and
 * one on the label's keys and timestamp make it a matter of the rows that still wait.
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
  // Only a join that reads the label's table whole needs numbers of rows.
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
 * The newest time of a row of the model's spine that is not in the future, rounded up to the millisecond; if all are,
 * the newest of them. None if the table has no row with a usable time (`isUsableInstantSql`).
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
