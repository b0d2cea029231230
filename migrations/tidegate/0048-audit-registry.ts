// Stops of serving and comments are events of the audit log too.
import { type Kysely, sql } from 'kysely';

const AUDITED = [
  {
    kind: 'serving changed',
    table: 'serving_change',
    columns: ['id', 'model', 'stopped', 'reason', 'actor', 'authority', 'grant_id', 'at'],
  },
  {
    kind: 'comment written',
    table: 'version_comment',
    columns: ['id', 'model', 'version', 'text', 'actor', 'authority', 'at'],
  },
] as const;

export async function up(db: Kysely<never>): Promise<void> {
  await sql`
    select set_config('tidegate.timezone', current_setting('timezone'), true),
      set_config('timezone', 'UTC', true)`.execute(db);
  for (const { kind, table, columns } of AUDITED) {
    const name = sql.id(`audit_${kind.replaceAll(' ', '_')}`);
    await sql`
      create constraint trigger ${name} after insert on ${sql.id('tidegate', table)}
      deferrable initially deferred for each row
      execute function tidegate.audit_row(${sql.lit(kind)}, 'model', 'actor', 'id', ${sql.lit(columns.join(','))}, '')`.execute(
      db,
    );
    await sql`
      insert into tidegate.audit_event (chain, kind, subject, actor, body)
      select r.model, ${sql.lit(kind)}, r.id::text, r.actor,
        tidegate.audit_body(to_json(r), array[${sql.join(columns.map((column) => sql.lit(column)))}]::text[], '{}')
      from ${sql.id('tidegate', table)} r order by r.id`.execute(db);
  }
  await sql`select set_config('timezone', current_setting('tidegate.timezone'), true)`.execute(db);
}
