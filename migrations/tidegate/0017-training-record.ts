// What the leak alarm found before a retrain trained, and the platform that a version was trained on.
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<never>): Promise<void> {
  // Null for retrains from before, and until the step has run.
  await sql`alter table tidegate.retrain add column leaks jsonb`.execute(db);
  // Null for versions from before: where they were trained is not on record.
  await sql`alter table tidegate.version add column trained_on jsonb`.execute(db);
}
