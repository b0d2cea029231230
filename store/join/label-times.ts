// Reads from the label's table when the labels that a version learnt from became known.
import { clusterKeys, holdoutPolicy } from '../../domain/model/define-model.ts';
import { type ModelDefinition } from '../../domain/model/definition.ts';
import { type Database } from '../postgres/database.ts';
import { type Dataset } from '../registry/dataset.ts';
import { type Queryable } from '../postgres/sql-text.ts';
import { labelMethod } from './choose-join-plan.ts';
import { isHeldOutSql, keyTextsSql, windowSpineSql } from './spine-sql.ts';
import { labelJoinSql, labelSql } from './label-join-sql.ts';

/** What the label's table says about the training rows of a frozen window. */
export interface LabelTimes {
  /** When the latest of the labels became known; null if there is none, or `known` is -infinity for all of them. */
  readonly newestKnown: Date | null;
  /** Number of training rows whose label was known by the dataset's as-known instant. */
  readonly knownInTime: number;
}

/** Returns the as-known instant of a dataset as text, because a Date would lose the microseconds. */
export async function claimedInstant(client: Queryable, datasetId: number): Promise<string | undefined> {
  const { rows } = await client.query<{ claim: string }>(
    `select to_char(as_known_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as claim
     from tidegate.dataset where id = $1`,
    [datasetId],
  );
  return rows[0]?.claim;
}

/**
 * Reads the labels of a dataset's training rows again, as they were known at its as-known instant. Returns null if the
 * label's table does not record when a label became known, because then the instant cannot be verified.
 */
export async function labelTimes(
  database: Database,
  definition: ModelDefinition,
  { id, window }: Dataset,
): Promise<LabelTimes | null> {
  if (definition.label.known === undefined) return null;
  const { pool } = database;
  const method = await labelMethod(pool, definition);
  const isHeldOut = isHeldOutSql(holdoutPolicy(definition), keyTextsSql(clusterKeys(definition)));
  const { rows } = await pool.query<LabelTimes>(
    `with spine as (${windowSpineSql(definition)})
     select max(label.tidegate_known) filter (where isfinite(label.tidegate_known)) as "newestKnown", count(*)::int as "knownInTime"
     from spine${labelJoinSql(definition, method)}
     where (${labelSql(definition)}) is not null and not (${isHeldOut})`,
    [window.from, window.to, await claimedInstant(pool, id)],
  );
  return rows[0] ?? null;
}
