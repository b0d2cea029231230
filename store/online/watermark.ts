// How far the online rows of a definition are, and what a run that has not finished has done.
import type pg from 'pg';
import { type Database } from '../database.ts';
import { type Queryable } from '../queryable.ts';
import { type RowsOf } from './online-writer.ts';
import { type MaterialiseScope } from './scope.ts';
import { type SourceMark } from './source-mark.ts';

/** The state of complete online rows. */
export interface Watermark {
  /** Every entity that exists at this instant has its row. */
  readonly asOf: Date;
  /** The newest instant of any row: later than `asOf` where a run was given up, or looked at a range only. */
  readonly newestAsOf: Date;
  /** Rows written by this transaction or a later one may say something else than the watermark; null where none does. */
  readonly suspectXid: string | null;
  readonly mark: SourceMark;
}

/** A run that has not finished. */
export interface Progress {
  readonly asOf: Date;
  readonly newestAsOf: Date;
  /** The first transaction that may have written rows of this run, or of one that was given up before it. */
  readonly suspectXid: string;
  /** The first that may have written rows while what changed since the mark was looked at again. */
  readonly resumedXid: string | null;
  readonly scope: MaterialiseScope;
  /** What the run saw: what was written since is looked at again. */
  readonly mark: SourceMark;
  /** The entity up to which rows are written; null before the first batch. */
  readonly position: string | null;
  readonly lookedAt: number;
  readonly written: number;
}

/** The lower of two transactions' numbers. */
export const olderXid = (one: string | null, other: string | null): string | null => {
  if (one === null || other === null) return one ?? other;
  return BigInt(one) < BigInt(other) ? one : other;
};

/** The watermark of a definition; none where its rows were never complete. */
export async function findWatermark(
  client: Queryable,
  { model, version }: RowsOf,
): Promise<Watermark | undefined> {
  const { rows } = await client.query<Watermark & pg.QueryResultRow>(
    `select as_of as "asOf", newest_as_of as "newestAsOf", suspect_xid as "suspectXid", mark
     from tidegate.online_watermark where model = $1 and definition_version = $2`,
    [model, version],
  );
  return rows[0];
}

/** The newest watermark of any definition of a model: how fresh its online rows are. */
export async function newestWatermark(database: Database, model: string): Promise<Date | undefined> {
  const row = await database.kysely
    .selectFrom('tidegate.online_watermark')
    .select('as_of')
    .where('model', '=', model)
    .orderBy('as_of', 'desc')
    .executeTakeFirst();
  return row?.as_of;
}

/** The unfinished run of a definition, if there is one. */
export async function findProgress(
  client: Queryable,
  { model, version }: RowsOf,
): Promise<Progress | undefined> {
  const { rows } = await client.query<Progress & pg.QueryResultRow>(
    `select as_of as "asOf", newest_as_of as "newestAsOf", suspect_xid as "suspectXid", resumed_xid as "resumedXid",
       scope, mark, position, looked_at as "lookedAt", written
     from tidegate.online_progress where model = $1 and definition_version = $2`,
    [model, version],
  );
  return rows[0];
}

/** Notes a run that begins, in place of one that was given up; what that one wrote stays suspect. */
export async function beginProgress(
  client: pg.ClientBase,
  { model, version }: RowsOf,
  { asOf, newestAsOf, scope, mark }: Pick<Progress, 'asOf' | 'newestAsOf' | 'scope' | 'mark'>,
): Promise<void> {
  await client.query(
    `insert into tidegate.online_progress
       (model, definition_version, as_of, newest_as_of, scope, mark, suspect_xid)
     values ($1, $2, $3, $4, $5, $6, pg_current_xact_id()::text)
     on conflict (model, definition_version) do update
       set as_of = excluded.as_of, newest_as_of = excluded.newest_as_of, scope = excluded.scope, mark = excluded.mark,
           resumed_xid = null, position = null, looked_at = 0, written = 0, started_at = now(), updated_at = now()`,
    [model, version, asOf, newestAsOf, JSON.stringify(scope), JSON.stringify(mark)],
  );
}

/** Notes that a run which was cut off goes on. */
export async function resumeProgress(client: pg.ClientBase, { model, version }: RowsOf): Promise<void> {
  await client.query(
    `update tidegate.online_progress set resumed_xid = coalesce(resumed_xid, pg_current_xact_id()::text)
     where model = $1 and definition_version = $2`,
    [model, version],
  );
}

/** Notes that what changed up to a mark has been looked at. */
export async function caughtUp(
  client: pg.ClientBase,
  { model, version }: RowsOf,
  mark: SourceMark,
): Promise<void> {
  await client.query(
    `update tidegate.online_progress set mark = $3, resumed_xid = null where model = $1 and definition_version = $2`,
    [model, version, JSON.stringify(mark)],
  );
}

/** Ends a run inside the caller's transaction. */
export async function endProgress(
  client: pg.ClientBase,
  { model, version }: RowsOf,
  { asOf, newestAsOf, suspectXid, mark }: Watermark,
): Promise<void> {
  await client.query(
    `insert into tidegate.online_watermark (model, definition_version, as_of, newest_as_of, suspect_xid, mark)
     values ($1, $2, $3, $4, $5, $6)
     on conflict (model, definition_version) do update
       set as_of = excluded.as_of, newest_as_of = excluded.newest_as_of, suspect_xid = excluded.suspect_xid,
           mark = excluded.mark, finished_at = now()`,
    [model, version, asOf, newestAsOf, suspectXid, JSON.stringify(mark)],
  );
  await client.query('delete from tidegate.online_progress where model = $1 and definition_version = $2', [
    model,
    version,
  ]);
}
