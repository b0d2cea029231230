// How recipes of a training were planned and judged, and what a version was trained by.
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<never>): Promise<void> {
  await sql`
    create table tidegate.training_plan (
      retrain_id text primary key references tidegate.retrain (id) on delete cascade,
      body       jsonb not null,
      created_at timestamptz not null default now()
    )`.execute(db);
  await sql`
    create table tidegate.recipe_scores (
      retrain_id text not null references tidegate.training_plan (retrain_id) on delete cascade,
      -- Position of the recipe in the plan, from 0.
      recipe     int not null check (recipe >= 0),
      body       jsonb not null,
      created_at timestamptz not null default now(),
      primary key (retrain_id, recipe)
    )`.execute(db);
  // Null for versions from before, and where there was nothing to choose.
  await sql`alter table tidegate.version add column tuning jsonb`.execute(db);
}
