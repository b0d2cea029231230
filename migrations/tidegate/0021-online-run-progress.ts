// How far a run over online rows is: of how many entities, and of how many rows whose entities are gone.
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<never>): Promise<void> {
  await sql`
    alter table tidegate.online_progress
      add entities bigint,
      -- Rows to remove; null before they are counted.
      add vanished bigint,
      add removed bigint not null default 0`.execute(db);
}
