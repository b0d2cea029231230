// Whether a model may answer predictions at all: people stop and start serving, and every change is kept.
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<never>): Promise<void> {
  await sql`
    create table tidegate.serving_change (
      id        bigint generated always as identity primary key,
      model     text not null references tidegate.model (name),
      stopped   boolean not null,
      reason    text not null,
      actor     text not null check (tidegate.is_name(actor)),
      authority text not null,
      -- The grant that a person was given for this change; null if nobody was authenticated.
      grant_id  text,
      at        timestamptz not null default clock_timestamp()
    )`.execute(db);
  await sql`create index serving_change_of_model on tidegate.serving_change (model, id desc)`.execute(db);
  // The newest row of a model is its state. The lock orders concurrent changes; no row repeats the state before it.
  await sql`
    create function tidegate.apply_serving_change() returns trigger language plpgsql as $$
    declare
      is_stopped boolean;
    begin
      perform pg_advisory_xact_lock(hashtextextended('tidegate serving ' || new.model, 0));
      select c.stopped into is_stopped from tidegate.serving_change c
        where c.model = new.model order by c.id desc limit 1;
      if new.stopped = coalesce(is_stopped, false) then
        raise exception 'serving of % is % already', new.model, case when new.stopped then 'stopped' else 'on' end
          using errcode = 'TG002';
      end if;
      new.at := clock_timestamp();
      perform pg_notify('tidegate_stage', new.model);
      return new;
    end $$`.execute(db);
  await sql`
    create trigger serving_change_applies before insert on tidegate.serving_change
    for each row execute function tidegate.apply_serving_change()`.execute(db);
  await sql`
    create trigger serving_change_append_only before update or delete or truncate on tidegate.serving_change
    for each statement execute function tidegate.refuse_change()`.execute(db);
}
