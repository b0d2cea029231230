// What the events of the audit log must say together. A chain alone does not notice an event that was appended with
// all its hashes; these rules notice one that lacks what had to come before it.

// Events from before the log was introduced are not judged by rules that came with it.
const SINCE = `
  with began as (
    select coalesce((select body::jsonb -> 'positions' from tidegate.audit_event
                     where chain = '' and kind = 'audit began' order by position limit 1), '{}') as positions
  ), since as (
    select e.chain, e.position, e.kind, e.subject, e.body::jsonb as said
    from tidegate.audit_event e, began b
    where e.kind in ('decision sent', 'version moved', 'grant issued') and ($1::text is null or e.chain = $1)
      and e.position > coalesce((b.positions ->> e.chain)::bigint, 0)
  )`;

const rule = (select: string): string => `${SINCE} ${select} order by 1, 2`;

/** An accepted decision that names a grant: it was issued before, to that person, for exactly this, and it was used. */
const DECISIONS = rule(`
  select d.chain, d.position, 'rule' as of,
    format('event %s: the decision %s has no grant that allows it', d.position, d.subject) as problem
  from since d
  where d.kind = 'decision sent' and d.said ->> 'grant_id' is not null and (d.said ->> 'accepted')::boolean
    and not exists (
      select from tidegate.audit_event g
      where g.kind = 'grant issued' and g.subject = d.said ->> 'grant_id' and g.chain = d.chain
        and g.position < d.position and g.body ->> 'action' in (d.said ->> 'decision', 'break-glass')
        and g.body ->> 'version' = d.said ->> 'version' and g.body ->> 'person_id' = d.said ->> 'person_id'
        and coalesce(g.body ->> 'evidence_digest', d.said ->> 'evidence_digest') = d.said ->> 'evidence_digest'
        and exists (select from tidegate.audit_event u
                    where u.kind = 'grant used' and u.subject = g.subject and u.chain = g.chain))`);

/** A promotion: decided before on its own evidence, by as many people with grants as the frozen policy demands. */
const PROMOTIONS = rule(`
  select m.chain, m.position, 'rule' as of,
    format('event %s: version %s was promoted without the decisions that it needs', m.position, m.said ->> 'version')
      as problem
  from since m
  left join tidegate.audit_event p
    on p.kind = 'evidence stored' and p.chain = m.chain and p.subject = m.chain || '/' || (m.said ->> 'version')
  cross join lateral (
    select count(*) filter (where d.body ->> 'settles' = 'true') as settling,
      count(distinct d.body ->> 'person_id') filter (where d.body ->> 'grant_id' is not null) as people,
      bool_or(exists (select from tidegate.audit_event g
                      where g.kind = 'grant issued' and g.subject = d.body ->> 'grant_id'
                        and g.body ->> 'action' = 'break-glass')) as is_emergency
    from tidegate.audit_event d
    where d.chain = m.chain and d.position < m.position and d.kind = 'decision sent'
      and d.body ->> 'version' = m.said ->> 'version' and d.body ->> 'decision' = 'approve'
      and d.body ->> 'accepted' = 'true' and d.body ->> 'evidence_digest' = m.said ->> 'evidence_digest') as approving
  where m.kind = 'version moved' and m.said ->> 'reason' = 'approved'
    and (approving.settling = 0
         or (p.body ->> 'policy' is not null and p.body -> 'policy' ->> 'unverifiedSignals' is distinct from 'accept'
             and not coalesce(approving.is_emergency, false) and approving.people < coalesce((p.body -> 'policy' ->> 'approvals')::int, 1)))`);

/** A grant: its person had the key or the session that it names at that moment. */
const GRANTS = rule(`
  select g.chain, g.position, 'rule' as of,
    format('event %s: the grant %s was issued to somebody who had not signed in (%s %s)', g.position, g.subject,
      g.said ->> 'via', g.said ->> 'credential') as problem
  from since g
  where g.kind = 'grant issued' and not case g.said ->> 'via'
    when 'key' then exists (
      select from tidegate.audit_event k
      where k.kind = 'key made' and k.subject = g.said ->> 'credential' and k.chain = ''
        and k.body ->> 'principal_id' = g.said ->> 'person_id'
        and (k.body ->> 'created_at')::timestamptz <= (g.said ->> 'created_at')::timestamptz
        and (k.body ->> 'expires_at')::timestamptz >= (g.said ->> 'created_at')::timestamptz
        and not exists (
          -- A revocation takes a moment until every process knows it.
          select from tidegate.audit_event v
          where v.kind = 'key revoked' and v.subject = k.subject and v.chain = ''
            and (v.body ->> 'revoked_at')::timestamptz + interval '1 minute' < (g.said ->> 'created_at')::timestamptz))
    when 'session' then length(g.said ->> 'credential') >= 8 and exists (
      select from tidegate.audit_event s
      where s.kind = 'signed in' and s.chain = '' and s.body ->> 'principal_id' = g.said ->> 'person_id'
        and starts_with(s.subject, '\\x' || (g.said ->> 'credential'))
        and (s.body ->> 'created_at')::timestamptz <= (g.said ->> 'created_at')::timestamptz
        and (s.body ->> 'expires_at')::timestamptz >= (g.said ->> 'created_at')::timestamptz)
    -- A token leaves no row: its person must be known from an issuer.
    else exists (
      select from tidegate.audit_event p
      where p.kind = 'person added' and p.chain = '' and p.subject = g.said ->> 'person_id'
        and p.body ->> 'issuer' is not null) end`);

/** Statements that return every event that breaks a rule; $1 is the chain, or null for all. */
export const AUDIT_RULES: readonly string[] = [DECISIONS, PROMOTIONS, GRANTS];
