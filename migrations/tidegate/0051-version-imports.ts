// What people upload to be compared as a version: the API stores it, and a worker imports it.
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<never>): Promise<void> {
  await sql`
    create table tidegate.version_import (
      retrain_id   text primary key,
      model        text not null references tidegate.model (name),
      onnx_digest  text not null,
      -- Maps features to inputs of the model.
      mapping      jsonb not null,
      name         text not null check (length(name) <= 500),
      note         text not null check (length(note) <= 2000),
      requested_at timestamptz not null default clock_timestamp()
    )`.execute(db);
  await sql`
    create trigger version_import_append_only before update or delete or truncate on tidegate.version_import
    for each statement execute function tidegate.refuse_change()`.execute(db);
}
