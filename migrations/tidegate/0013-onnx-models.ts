// The bytes of models in ONNX, by their digest: what versions of another shape than a dot product are scored by.
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<never>): Promise<void> {
  await sql`create table tidegate.onnx_model (
    digest text primary key check (digest ~ '^[0-9a-f]{64}$'),
    bytes bytea not null,
    created_at timestamptz not null default now()
  )`.execute(db);
  // Compressed once more they would hardly get smaller, and each reading would unpack them.
  await sql`alter table tidegate.onnx_model alter column bytes set storage external`.execute(db);
}
