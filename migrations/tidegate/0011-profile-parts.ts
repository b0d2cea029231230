// Profiles of parts of a large window, on their way into its report.
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<never>): Promise<void> {
  await sql`
    create table tidegate.profile_part (
      report_id   bigint not null references tidegate.report (id) on delete cascade,
      -- Chunks of the window's dataset, from the first to before the end.
      first_chunk int not null check (first_chunk >= 0),
      end_chunk   int not null,
      profile     jsonb not null,
      -- Of the champion's scores; null where it has no score reference.
      scored      jsonb,
      created_at  timestamptz not null default now(),
      primary key (report_id, first_chunk, end_chunk),
      check (first_chunk < end_chunk)
    )`.execute(db);
}
