// Comparisons as evidence: when each was decided on, and that neither it nor its decision is changed or taken away.
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<never>): Promise<void> {
  // Null where it was not decided on, or before the instant was kept.
  await sql`alter table tidegate.comparison add column decided_at timestamptz`.execute(db);
  // How many decisions a holdout has served is counted in these rows.
  await sql`create index comparison_of_model on tidegate.comparison (model, id)`.execute(db);
  await sql`
    create function tidegate.guard_comparison() returns trigger language plpgsql as $$
    begin
      if to_jsonb(new) - 'decision' - 'decided_at' is distinct from to_jsonb(old) - 'decision' - 'decided_at' then
        raise exception 'a comparison is immutable' using errcode = 'TG001';
      end if;
      if old.decision is not null and new.decision is distinct from old.decision then
        raise exception 'the decision on a comparison is immutable' using errcode = 'TG001';
      end if;
      return new;
    end $$`.execute(db);
  await sql`
    create trigger comparison_guarded before update on tidegate.comparison
    for each row execute function tidegate.guard_comparison()`.execute(db);
  await sql`
    create trigger comparison_kept before delete or truncate on tidegate.comparison
    for each statement execute function tidegate.refuse_change()`.execute(db);
}
