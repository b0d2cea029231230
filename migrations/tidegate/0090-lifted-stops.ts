// The database itself demands the grant of an operator before a stopped model answers predictions again.
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<never>): Promise<void> {
  await sql`
    create function tidegate.check_serving_grant() returns trigger language plpgsql as $$
    declare
      policy jsonb;
    begin
      if new.grant_id is null then
        if new.authority <> 'unverified' then
          raise exception 'the change of serving of % names no grant of %', new.model, new.actor using errcode = 'TG006';
        end if;
        -- To stop is the safe side.
        if new.stopped then
          return null;
        end if;
        select coalesce(
            (select e.policy from tidegate.version v
               join tidegate.evidence e on e.model = v.model and e.version = v.version
             where v.model = new.model and v.stage = 'Production'),
            tidegate.promotion_policy(new.model)) into policy;
        if policy ->> 'unverifiedSignals' = 'accept' then
          return null;
        end if;
        raise exception 'nobody was authenticated for the start of %, and its policy refuses that', new.model
          using errcode = 'TG006';
      end if;
      -- The grant is used in the transaction of the change, and after it.
      if not exists (
        select from tidegate.action_grant g
        where g.id = new.grant_id and g.action = case when new.stopped then 'stop' else 'start' end
          and (g.model, g.person, g.via) = (new.model, new.actor, new.authority)
          and 'operator' = any(g.roles) and g.consumed_at >= new.at) then
        raise exception 'grant % was not used for this change of serving', new.grant_id using errcode = 'TG006';
      end if;
      return null;
    end $$`.execute(db);
  // Checked when the transaction ends, because the grant is used after the change that it allows.
  await sql`
    create constraint trigger serving_change_granted after insert on tidegate.serving_change
    deferrable initially deferred for each row execute function tidegate.check_serving_grant()`.execute(db);
  await sql`
    create unique index one_serving_change_of_grant on tidegate.serving_change (grant_id)
      where grant_id is not null`.execute(db);
}
