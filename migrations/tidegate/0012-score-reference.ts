// The score reference of a version: what it answered on rows that it was not fitted on.
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<never>): Promise<void> {
  // Null for versions from before, and where training had no row to score.
  await sql`alter table tidegate.version add column score_reference jsonb`.execute(db);
}
