// Fits of gradient-boosted trees: what is to be learnt from, how far it is, and what came of it.
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<never>): Promise<void> {
  await sql`create table tidegate.tree_fit (
    id bigint generated always as identity primary key,
    request text not null unique,
    dataset_id bigint not null references tidegate.dataset (id),
    options jsonb not null,
    -- A bit a row of the dataset, the lowest first; null means all training rows.
    rows bytea,
    rounds_done integer not null default 0,
    checkpoint jsonb,
    outcome jsonb,
    created_at timestamptz not null default now(),
    finished_at timestamptz
  )`.execute(db);
}
