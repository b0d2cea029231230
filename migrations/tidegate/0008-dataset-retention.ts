// Datasets whose rows were let go, and chunks of fewer rows where rows are wide.
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<never>): Promise<void> {
  await sql`
    alter table tidegate.dataset
      -- Rows per chunk, but for the last.
      add column chunk_rows int not null default 65536 check (chunk_rows > 0),
      -- When the chunks were deleted by retention; row and digest stay.
      add column expired_at timestamptz`.execute(db);
  await sql`create index dataset_of_model on tidegate.dataset (model, id desc)`.execute(db);
}
