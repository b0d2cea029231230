// An id for each prediction, which the answer contains, so that an answer can be found again in the log.
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<never>): Promise<void> {
  // Null for predictions of earlier releases, whose answers had no id. Ids begin with the time, so the index grows at its end.
  await sql`alter table tidegate.prediction add column prediction_id uuid`.execute(db);
  await sql`create unique index prediction_by_id on tidegate.prediction (prediction_id)`.execute(db);
}
