// What the promotion policy decided is in the audit log too: who requested, who approved a version of their own, and the
// grant of a move.
import { type Kysely, sql } from 'kysely';

const AUDITED = [
  {
    kind: 'requesters recorded',
    table: 'evidence',
    subject: ['model', 'version'],
    columns: ['model', 'version', 'requester_ids', 'requester_names'],
    order: 'created_at',
    isAbout: 'true',
  },
  {
    kind: 'decision checked',
    table: 'decision',
    subject: ['id'],
    columns: ['id', 'self_approved'],
    order: 'id',
    isAbout: 'true',
  },
  {
    kind: 'move granted',
    table: 'transition',
    subject: ['id'],
    columns: ['id', 'grant_id'],
    order: 'id',
    isAbout: '{row}.grant_id is not null',
  },
] as const;

export async function up(db: Kysely<never>): Promise<void> {
  await sql`
    select set_config('tidegate.timezone', current_setting('timezone'), true),
      set_config('timezone', 'UTC', true)`.execute(db);
  for (const { kind, table, subject, columns, order, isAbout } of AUDITED) {
    const name = sql.id(`audit_${kind.replaceAll(' ', '_')}`);
    await sql`
      create constraint trigger ${name} after insert on ${sql.id('tidegate', table)}
      deferrable initially deferred for each row when (${sql.raw(isAbout.replace('{row}', 'new'))})
      execute function tidegate.audit_row(${sql.lit(kind)}, 'model', '', ${sql.lit(subject.join(','))},
        ${sql.lit(columns.join(','))}, '')`.execute(db);
    await sql`
      insert into tidegate.audit_event (chain, kind, subject, actor, body)
      select r.model, ${sql.lit(kind)},
        concat_ws('/', ${sql.join(subject.map((column) => sql`r.${sql.id(column)}::text`))}), '',
        tidegate.audit_body(to_json(r), array[${sql.join(columns.map((column) => sql.lit(column)))}]::text[], '{}')
      from ${sql.id('tidegate', table)} r where ${sql.raw(isAbout.replace('{row}', 'r'))}
      order by r.${sql.id(order)}`.execute(db);
  }
  await sql`select set_config('timezone', current_setting('tidegate.timezone'), true)`.execute(db);
}
