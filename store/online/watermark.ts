// Stores the state of online rows: the watermark of complete rows, and the progress of a run that has not finished.
import { sql } from 'kysely';
import type pg from 'pg';
import { type Database } from '../postgres/database.ts';
import { type Queryable } from '../postgres/sql-text.ts';
import { type RowsOf } from './online-writer.ts';
import { type MaterializeScope } from '../../domain/data/materialized.ts';
import { type SourceMark } from '../postgres/source-mark.ts';
import { withConnections } from '../postgres/connections.ts';
import { requireOwnSession } from '../postgres/session.ts';

/** The state of complete online rows. */
export interface Watermark {
  /** Every entity that exists at this instant has its row. */
  readonly asOf: Date;
  /** The newest instant of any row: later than `asOf` if a run was abandoned or looked only at a range. */
  readonly newestAsOf: Date;
  /**
   * Rows written by this transaction or a later one may differ from the state of the watermark; null if no row can.
   */
  readonly suspectXid: string | null;
  readonly mark: SourceMark;
}

/** The recorded progress of a run that has not finished. */
export interface Progress {
  readonly asOf: Date;
  readonly newestAsOf: Date;
  /** The first transaction that may have written rows of this run, or of one that was abandoned before it. */
  readonly suspectXid: string;
  /**
   * The first transaction that may have written rows while a resumed run was looking again at changes since the mark;
   * null outside that phase.
   */
  readonly resumedXid: string | null;
  readonly scope: MaterializeScope;
  /** The state of the sources that the run saw. A resumed run looks again at what was written since then. */
  readonly mark: SourceMark;
  /** The entity up to which rows are written; null before the first batch. */
  readonly position: string | null;
  readonly lookedAt: number;
  readonly written: number;
}

/** Returns the lower of two transaction numbers; null means that there is none. */
export const olderXid = (one: string | null, other: string | null): string | null => {
  if (one === null || other === null) return one ?? other;
  return BigInt(one) < BigInt(other) ? one : other;
};

/** Finds the watermark of a definition; undefined if its rows were never complete. */
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

/**
 * Returns the newest watermark of any definition of a model: it shows how recent the model's online rows are. A
 * watermark in the future is left out, because it would be used as the instant for other definitions.
 */
export async function newestWatermark(database: Database, model: string): Promise<Date | undefined> {
  const row = await database.kysely
    .selectFrom('tidegate.online_watermark')
    .select('asOf')
    .where('model', '=', model)
    .where('asOf', '<=', sql<Date>`now()`)
    .orderBy('asOf', 'desc')
    .executeTakeFirst();
  return row?.asOf;
}

/** The state of the online rows of one definition. */
export interface OnlineState {
  readonly definitionVersion: number;
  /** The instant up to which they are complete; null if they never were. */
  readonly asOf: Date | null;
  /** The run that has not ended; null if there is none. */
  readonly run: OnlineRun | null;
}

/** A run over online rows that has not ended. */
export interface OnlineRun {
  readonly asOf: Date;
  /** Number of entities to look at; null if an earlier release began the run. */
  readonly entities: number | null;
  readonly lookedAt: number;
  readonly written: number;
  /** Number of rows of vanished entities that the run removes; null before they are counted. */
  readonly vanished: number | null;
  readonly removed: number;
  /** When the run last made progress. */
  readonly updatedAt: Date;
}

/** Returns the state of a model's online rows for each definition, the oldest definition first. */
export async function onlineStates(database: Database, model: string): Promise<OnlineState[]> {
  const { rows } = await database.pool.query<
    OnlineRun & { definitionVersion: number; complete: Date | null; updatedAt: Date | null }
  >(
    `select coalesce(complete.definition_version, run.definition_version) as "definitionVersion",
            complete.as_of as complete, run.as_of as "asOf", run.entities, run.looked_at as "lookedAt", run.written,
            run.vanished, run.removed, run.updated_at as "updatedAt"
     from (select * from tidegate.online_watermark where model = $1) complete
     full join (select * from tidegate.online_progress where model = $1) run using (definition_version)
     order by 1`,
    [model],
  );
  return rows.map(({ definitionVersion, complete, ...run }) => ({
    definitionVersion,
    asOf: complete,
    run: run.updatedAt === null ? null : run,
  }));
}

/** Returns the definitions of a model that have online rows of an instant in the future. */
export async function definitionsAhead(database: Database, model: string): Promise<number[]> {
  const rows = await database.kysely
    .selectFrom('tidegate.online_watermark')
    .select('definitionVersion as version')
    .where('model', '=', model)
    .where('newestAsOf', '>', sql<Date>`now() + interval '5 minutes'`)
    .unionAll((query) =>
      query
        .selectFrom('tidegate.online_progress')
        .select('definitionVersion as version')
        .where('model', '=', model)
        .where('newestAsOf', '>', sql<Date>`now() + interval '5 minutes'`),
    )
    .execute();
  return [...new Set(rows.map(({ version }) => version))].sort((one, other) => one - other);
}

/** Finds the unfinished run of a definition. */
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

/**
 * Records that a run begins. It replaces an abandoned run, whose `suspect_xid` is kept because its rows stay in
 * place.
 */
export async function beginProgress(
  client: pg.ClientBase,
  { model, version }: RowsOf,
  {
    asOf,
    newestAsOf,
    scope,
    mark,
    entities,
  }: Pick<Progress, 'asOf' | 'newestAsOf' | 'scope' | 'mark'> & { readonly entities: number },
): Promise<void> {
  await client.query(
    `insert into tidegate.online_progress
       (model, definition_version, as_of, newest_as_of, scope, mark, entities, suspect_xid)
     values ($1, $2, $3, $4, $5, $6, $7, pg_current_xact_id()::text)
     on conflict (model, definition_version) do update
       set as_of = excluded.as_of, newest_as_of = excluded.newest_as_of, scope = excluded.scope, mark = excluded.mark,
           entities = excluded.entities, vanished = null, removed = 0,
           resumed_xid = null, position = null, looked_at = 0, written = 0, started_at = now(), updated_at = now()`,
    [model, version, asOf, newestAsOf, JSON.stringify(scope), JSON.stringify(mark), entities],
  );
}

/** Records that an interrupted run continues. */
export async function resumeProgress(client: pg.ClientBase, { model, version }: RowsOf): Promise<void> {
  await client.query(
    `update tidegate.online_progress set resumed_xid = coalesce(resumed_xid, pg_current_xact_id()::text)
     where model = $1 and definition_version = $2`,
    [model, version],
  );
}

/** Records that all changes up to a mark have been looked at. */
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

/** The connections of one materialization. */
export interface OnlineClients {
  /** Holds the lock, and reads in one snapshot. */
  readonly reader: pg.PoolClient;
  readonly writer: pg.PoolClient;
}

/**
 * Runs `work` while no other process materializes the same rows; waits if one does. The lock belongs to the
 * connection, so it is released when the process is killed.
 */
export async function withOnlineLock<T>(
  database: Database,
  { model, version }: RowsOf,
  work: (clients: OnlineClients) => Promise<T>,
): Promise<T> {
  const lock = `tidegate/online/${model}/${version}`;
  // After a failure the sessions are closed, which releases the lock and discards the transaction and the temporary
  // tables.
  return withConnections(database, 2, async ([reader, writer]) => {
    requireOwnSession(database.sessions.kind, 'materializing');
    await reader.query('select pg_advisory_lock(hashtextextended($1, 0))', [lock]);
    const result = await work({ reader, writer });
    // After success the sessions are reused: a new one would have to read the catalog again before it plans its first
    // join.
    await reader.query('rollback');
    await writer.query('discard temp');
    await reader.query('select pg_advisory_unlock(hashtextextended($1, 0))', [lock]);
    return result;
  });
}
