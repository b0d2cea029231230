// How far the online rows of a definition are, what a run under way has done, and how old each value is.
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<never>): Promise<void> {
  // For each view of the definition the timestamp of the row that was used, in microseconds since 1970 UTC, or null.
  await sql`alter table tidegate.online_row add view_times jsonb not null default '[]'`.execute(db);
  await sql`
    create table tidegate.online_watermark (
      model              text not null references tidegate.model (name),
      definition_version int not null,
      -- Every entity that exists at this instant has its row, and no row is older than this in what it says.
      as_of              timestamptz not null,
      -- The newest instant of any row: beyond as_of where a run was given up, or looked at a range only.
      newest_as_of       timestamptz not null,
      -- Rows written by this transaction or a later one may say something else than as_of; null where none does.
      suspect_xid        text,
      -- What the source tables held: where the next run begins to look for changes.
      mark               jsonb not null,
      finished_at        timestamptz not null default now(),
      primary key (model, definition_version)
    )`.execute(db);
  // A run that has not finished, so that the next one goes on where it stopped.
  await sql`
    create table tidegate.online_progress (
      model              text not null references tidegate.model (name),
      definition_version int not null,
      as_of              timestamptz not null,
      newest_as_of       timestamptz not null,
      -- The first transaction that may have written rows of this run, or of one that was given up before it.
      suspect_xid        text not null,
      -- The first that may have written rows while what changed since the mark was looked at again.
      resumed_xid        text,
      scope              jsonb not null,
      mark               jsonb not null,
      -- The entity up to which rows are written; null before the first batch.
      position           text,
      looked_at          bigint not null default 0,
      written            bigint not null default 0,
      started_at         timestamptz not null default now(),
      updated_at         timestamptz not null default now(),
      primary key (model, definition_version)
    )`.execute(db);
}
