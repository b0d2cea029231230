// References are stored as they are: to pack and unpack half a megabyte of numbers takes longer than to read it.
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<never>): Promise<void> {
  await sql`
    alter table tidegate.version
      alter column reference set storage external,
      alter column score_reference set storage external`.execute(db);
}
