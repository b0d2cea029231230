// Verifies the audit log inside the database: its chains, the rows that events are about, and what events say together.
import type pg from 'pg';
import { type Database, inTransaction } from '../postgres/database.ts';
import { AUDITED_ROWS, type AuditedRows } from './audited-rows.ts';
import { AUDIT_RULES } from './audit-rules.ts';

/** A place at which the log is not what it should be. */
export interface AuditProblem {
  /** The model; '' for the installation. */
  readonly chain: string;
  /** Position of the event, or id of the stage move; null if a row has no event. */
  readonly position: number | null;
  /** `event` and `move` are links of a chain, `row` is a row and its event, `rule` is what events say together. */
  readonly of: 'event' | 'move' | 'row' | 'rule';
  /** One line that a person understands. */
  readonly problem: string;
}

/** The newest link of a chain of events. */
export interface ChainHead {
  readonly chain: string;
  readonly position: number;
  readonly hash: string;
  readonly at: Date;
}

/** What the verification found. */
export interface VerifiedLog {
  /** Number of events and of stage moves that were recomputed. */
  readonly events: number;
  readonly moves: number;
  /** Heads of the chains of events, in order of name. */
  readonly heads: readonly ChainHead[];
  /** Every problem that was found; empty if the log is whole. */
  readonly problems: readonly AuditProblem[];
}

/**
 * Recomputes every hash, compares each event with the row that it is about and each row with its event, and checks that no
 * grant, decision or promotion lacks what it needs. It sees the database at one moment.
 *
 * Only functions of Postgres itself are used, because those of the schema could have been replaced.
 *
 * @param model only the chain of this model; everything if undefined
 * @example (await verifyLog(database)).problems; // []
 */
export const verifyLog = (database: Pick<Database, 'pool'>, model?: string): Promise<VerifiedLog> =>
  inTransaction(
    database,
    (client) => verifyLogWithin(client, model),
    'isolation level repeatable read read only',
  );

/** Like `verifyLog`, inside a transaction of the caller; it changes settings of that transaction. */
export async function verifyLogWithin(client: pg.ClientBase, model?: string): Promise<VerifiedLog> {
  // The texts of instants and bytes are compared as the triggers wrote them.
  await client.query(
    `set local timezone = 'UTC'; set local bytea_output = 'hex'; set local search_path = pg_catalog;
     set local statement_timeout = 0; set local work_mem = '64MB'; set local jit = off`,
  );
  const only = [model ?? null];
  const events = await client.query<LinkRow>(EVENTS, only);
  const moves = await client.query<LinkRow>(MOVES, only);
  const heads = await client.query<ChainHead>(HEADS, only);
  const problems = [...problemsOf('event', events.rows), ...problemsOf('move', moves.rows)];
  for (const audited of AUDITED_ROWS) problems.push(...(await compareRows(client, audited, model)));
  for (const rule of AUDIT_RULES) problems.push(...(await client.query<AuditProblem>(rule, only)).rows);
  return {
    events: events.rows[0]?.total ?? 0,
    moves: moves.rows[0]?.total ?? 0,
    heads: heads.rows,
    problems,
  };
}

interface LinkRow {
  readonly total: number;
  /** Null in the single row that a chain without problems returns. */
  readonly chain: string | null;
  readonly position: number;
  readonly gapless: boolean;
  readonly intact: boolean;
}

const brokenOf = (links: string): string => `
  with link as materialized (${links}), total as (select count(*)::int as total from link)
  select total, chain, position, gapless, intact
  from total left join link on not (linked and gapless and intact)
  order by chain, position`;

const EVENTS = brokenOf(`
  select chain, position,
    previous_hash = lag(hash, 1, '') over (partition by chain order by position) as linked,
    position = row_number() over (partition by chain order by position) as gapless,
    hash = encode(sha256(convert_to(jsonb_build_array(
      previous_hash, chain, position, kind, subject, actor,
      (extract(epoch from at) * 1000000)::bigint)::text || body::text, 'UTF8')), 'hex') as intact
  from tidegate.audit_event where $1::text is null or chain = $1`);

const MOVES = brokenOf(`
  select model as chain, id as position,
    previous_hash = lag(hash, 1, '') over (partition by model order by id) as linked,
    true as gapless,
    hash = encode(sha256(convert_to(jsonb_build_array(
      previous_hash, id, model, version, from_stage, to_stage, reason, detail,
      actor, authority, evidence_digest, workflow_id, run_id,
      (extract(epoch from at) * 1000000)::bigint)::text, 'UTF8')), 'hex') as intact
  from tidegate.transition where $1::text is null or model = $1`);

const HEADS = `
  select distinct on (chain) chain, position, hash, at from tidegate.audit_event
  where $1::text is null or chain = $1 order by chain, position desc`;

const problemsOf = (of: 'event' | 'move', rows: readonly LinkRow[]): AuditProblem[] =>
  rows.flatMap(({ chain, position, gapless, intact }) => {
    if (chain === null) return [];
    let fault = 'has another position than its place in the chain';
    if (!intact) fault = 'differs from its hash';
    else if (gapless) fault = 'does not follow the one before it';
    return [
      { chain, position, of, problem: `${of === 'event' ? 'event' : 'stage move'} ${position} ${fault}` },
    ];
  });

/** Compares the events of one kind with the rows of its table, in both directions. */
async function compareRows(
  client: pg.ClientBase,
  {
    kind,
    table,
    chain,
    subject,
    columns,
    hashed = [],
    whenChanged,
    removedBy,
    mayExpire = false,
  }: AuditedRows,
  model: string | undefined,
): Promise<AuditProblem[]> {
  const body = [
    ...columns.map((column) => `'${column}', r."${column}"`),
    ...hashed.map(
      (column) => `'${column}_sha256', encode(sha256(convert_to(r."${column}"::text, 'UTF8')), 'hex')`,
    ),
  ];
  const once = whenChanged === undefined;
  // If a row may change more than once, its newest event says how it is now.
  const order = once ? 'asc' : 'desc';
  const { rows } = await client.query<AuditProblem>(
    `with e as (
       select chain, position, subject, body::text as said,
         row_number() over (partition by subject order by chain, position ${order}) as n,
         ${mayExpire ? `(body ->> 'expires_at')::timestamptz < now()` : 'false'} as expired,
         exists (select from tidegate.audit_event removal
                 where removal.kind = $3 and removal.subject = event.subject and removal.chain = event.chain
                   and removal.position > event.position) as removed
       from tidegate.audit_event event where kind = $1 and ($2::text is null or chain = $2)
     ), r as (
       select ${chain === undefined ? `''` : `coalesce(r."${chain}", '')`} as chain,
         concat_ws('/', ${subject.map((column) => `r."${column}"::text`).join(', ')}) as subject,
         ${once ? 'true' : `r."${whenChanged}" is not null`} as expected,
         jsonb_build_object(${body.join(', ')})::text as stored
       from tidegate."${table}" r
       where $2::text is null ${chain === undefined ? '' : `or r."${chain}" = $2`}
     )
     select coalesce(e.chain, r.chain) as chain, e.position, 'row' as of,
       case when r.subject is null then format('event %s, "%s" of %s, is about a row that is missing', e.position, $1, e.subject)
            when e.subject is null then format('row %s of ${table} has no event "%s"', r.subject, $1)
            when e.removed then format('event %s, "%s" of %s, is about a row that was removed and exists', e.position, $1, e.subject)
            when e.n > 1 then format('event %s repeats "%s" of %s', e.position, $1, e.subject)
            else format('event %s, "%s" of %s, differs from the row', e.position, $1, e.subject) end as problem
     from e full join r on r.subject = e.subject
     where (r.subject is null and not e.expired and not e.removed)
        or (e.n = 1 and r.subject is not null and e.removed)
        or (e.subject is null and r.expected)
        or (e.n = 1 and r.subject is not null and (e.said <> r.stored or e.chain <> r.chain))
        or (${String(once)} and e.n > 1)
     order by 1, 2, 4`,
    [kind, model ?? null, removedBy ?? null],
  );
  return rows;
}
