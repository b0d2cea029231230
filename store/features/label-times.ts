// When the labels that a version learnt from became known, asked of the label's own table.
import { clusterKeys, holdoutPolicy } from '../../domain/features/define-model.ts';
import { type ModelDefinition } from '../../domain/features/definition.ts';
import { type Database } from '../database.ts';
import { type Dataset } from '../datasets/dataset.ts';
import { isHeldOutSql } from './holdout-sql.ts';
import { quoteColumn, quoteTable } from './identifiers.ts';
import { entityKeyColumns, keyTextsSql, sameKeySql } from './keys-sql.ts';

/** What the label's table says of the training rows of a frozen window. */
export interface LabelTimes {
  /** Newest instant at which one of the labels became known; null where there is none. */
  readonly newestKnown: Date | null;
  /** Training rows with a label that is known by the instant which the dataset claims. */
  readonly knownInTime: number;
}

/**
 * Looks at the labels of a dataset's training rows once more, as they were known at the instant that it claims. Null
 * where the label's table does not say when a label became known: then there is nothing to hold against the claim.
 */
export async function labelTimes(
  database: Database,
  definition: ModelDefinition,
  { id, window }: Dataset,
): Promise<LabelTimes | null> {
  const { entity, rows: spine, label } = definition;
  if (label.known === undefined) return null;
  const time = quoteColumn(spine.timestamp);
  const keys = entity.keys.map(quoteColumn).join(', ');
  const known = `source.${quoteColumn(label.known)}`;
  const value = `source.${quoteColumn(label.column)}`;
  const row = `${entity.keys.map((key) => `spine.${quoteColumn(key)}`).join(', ')}, spine.row_time`;
  const heldOut = isHeldOutSql(holdoutPolicy(definition), keyTextsSql(clusterKeys(definition)));
  // The claim is read here to the microsecond: a Date would cut it.
  const { rows } = await database.pool.query<LabelTimes>(
    `with spine as (
       select distinct ${keys}, ${time}::timestamptz as row_time from ${quoteTable(spine.table)}
       where ${time} > $1::timestamptz and ${time} <= $2::timestamptz
     ), newest as (
       select distinct on (${row}) ${known} as known, ${value} as value
       from spine join ${quoteTable(label.table)} source
         on ${sameKeySql(entityKeyColumns(definition))} and source.${quoteColumn(label.timestamp)} = spine.row_time
       where not (${heldOut}) and ${known} <= (select as_known_at from tidegate.dataset where id = $3)
       order by ${row}, ${known} desc, ${value} desc nulls last
     )
     select max(known) as "newestKnown", count(*)::int as "knownInTime" from newest where value is not null`,
    [window.from, window.to, id],
  );
  return rows[0] ?? null;
}
