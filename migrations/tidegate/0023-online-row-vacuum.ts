// Online rows are rewritten by every month's materialisation: space of old versions is used again soon.
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<never>): Promise<void> {
  // By default a fifth of a table must be dead before it is vacuumed; the models of one database share this table, and
  // each rewrites its own part, so that one month could double it.
  await sql`
    alter table tidegate.online_row set (
      autovacuum_vacuum_scale_factor = 0.02,
      autovacuum_vacuum_threshold = 5000,
      autovacuum_vacuum_cost_delay = 0
    )`.execute(db);
}
