// What the page of a model shows of its versions and definitions.
import { sql } from 'kysely';
import { type Database } from './postgres/database.ts';
import { type Stage } from './postgres/tables.ts';

/** A version in a list: the AUC is that of the comparison before its promotion, null if none was made. */
export interface ListedVersion {
  readonly version: number;
  readonly stage: Stage;
  readonly createdAt: Date;
  readonly trainer: string;
  readonly definitionVersion: number;
  readonly auc: number | null;
  readonly aucLow: number | null;
  readonly aucHigh: number | null;
  /** The last move of the version, null if it never left the stage None. */
  readonly movedAt: Date | null;
  readonly reason: string | null;
  readonly actor: string | null;
  readonly detail: string | null;
}

/** Returns the versions of a model, the newest first. @param below only those with a smaller number */
export async function listVersionFigures(
  { kysely }: Pick<Database, 'kysely'>,
  model: string,
  limit: number,
  below = 2 ** 31 - 1,
): Promise<ListedVersion[]> {
  const { rows } = await sql<ListedVersion>`
    select v.version, v.stage, v.created_at as "createdAt", v.trainer, v.definition_version as "definitionVersion",
      (c.body #>> '{candidate,auc,value}')::float8 as auc, (c.body #>> '{candidate,auc,low}')::float8 as "aucLow",
      (c.body #>> '{candidate,auc,high}')::float8 as "aucHigh",
      t.at as "movedAt", t.reason, t.actor, t.detail
    from tidegate.version v
    left join tidegate.comparison c on c.model = v.model and c.candidate_version = v.version
    left join lateral (
      select at, reason, actor, detail from tidegate.transition
      where model = v.model and version = v.version order by id desc limit 1) t on true
    where v.model = ${model} and v.version < ${below}
    order by v.version desc limit ${limit}`.execute(kysely);
  return rows;
}

/** A definition of a model as it was applied. */
export interface ListedDefinition {
  readonly version: number;
  readonly appliedBy: string;
  readonly appliedAt: Date;
  readonly body: unknown;
}

/** Returns the definitions of a model, the newest first. */
export async function listDefinitions(
  { kysely }: Pick<Database, 'kysely'>,
  model: string,
  limit: number,
): Promise<ListedDefinition[]> {
  return kysely
    .selectFrom('tidegate.definition')
    .select(['version', 'appliedBy', 'appliedAt', 'body'])
    .where('model', '=', model)
    .orderBy('version', 'desc')
    .limit(limit)
    .execute();
}
