// Checkpoints: signed statements of where each chain of the audit log ended. They never move back.
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<never>): Promise<void> {
  await sql`
    create table tidegate.checkpoint (
      sequence  bigint primary key,
      -- The text that was signed, as it is.
      statement text not null,
      signature text not null,
      at        timestamptz not null default clock_timestamp()
    )`.execute(db);
  await sql`
    create function tidegate.append_checkpoint() returns trigger language plpgsql as $$
    declare
      newest tidegate.checkpoint;
      said constant jsonb := new.statement::jsonb;
      moved text;
    begin
      perform pg_advisory_xact_lock(hashtextextended('tidegate checkpoint', 0));
      select * into newest from tidegate.checkpoint c order by c.sequence desc limit 1;
      if new.sequence <> coalesce(newest.sequence, 0) + 1 or (said ->> 'sequence')::bigint <> new.sequence then
        raise exception 'checkpoint % does not follow checkpoint %', new.sequence, coalesce(newest.sequence, 0)
          using errcode = 'TG001';
      end if;
      if said ->> 'previous' is distinct from coalesce(encode(sha256(convert_to(newest.statement, 'UTF8')), 'hex'), '') then
        raise exception 'checkpoint % names another checkpoint than the one before it', new.sequence using errcode = 'TG001';
      end if;
      select coalesce(now.chain, was.chain) into moved
        from jsonb_each(said -> 'heads') as now(chain, head)
        full join jsonb_each(coalesce(newest.statement::jsonb, '{"heads": {}}') -> 'heads') as was(chain, head)
          on was.chain = now.chain
        where now.head is null or (now.head ->> 0)::bigint < (was.head ->> 0)::bigint
          or not exists (select from tidegate.audit_event e
                         where e.chain = now.chain and e.position = (now.head ->> 0)::bigint and e.hash = now.head ->> 1)
        limit 1;
      if found then
        raise exception 'checkpoint % moves back, or names an event that does not exist, in the chain of "%"',
          new.sequence, moved using errcode = 'TG001';
      end if;
      new.at := clock_timestamp();
      return new;
    end $$`.execute(db);
  await sql`
    create trigger checkpoint_appended before insert on tidegate.checkpoint
    for each row execute function tidegate.append_checkpoint()`.execute(db);
  await sql`
    create trigger checkpoint_append_only before update or delete or truncate on tidegate.checkpoint
    for each statement execute function tidegate.refuse_change()`.execute(db);
}
