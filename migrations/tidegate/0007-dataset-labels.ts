// What a dataset says of its labels, and of history that was taken as known before it was.
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<never>): Promise<void> {
  await sql`
    alter table tidegate.dataset
      -- Labelled rows whose label is absent after its delay, and counts as negative.
      add column assumed_labels int not null default 0 check (assumed_labels >= 0),
      -- Rows without a label: those whose label is not expected yet, and those where it should be there.
      add column awaited_labels int not null default 0 check (awaited_labels >= 0),
      add column overdue_labels int not null default 0 check (overdue_labels >= 0),
      -- Views of which rows were seen by knownSince alone: table, knownSince, and how many rows of the dataset saw them.
      add column backfilled jsonb not null default '[]'`.execute(db);
}
