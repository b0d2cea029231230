// Verifies the audit chain: each move stores the hash of the move before it, so a changed or removed move is detected.
import { sql } from 'kysely';
import { TidegateError } from '../../domain/errors.ts';
import { type Database } from '../postgres/database.ts';
import { printableName, readableText } from '../../domain/decisions/written-text.ts';
import { type Authority, type Move } from './stage-moves.ts';

/** The first broken row of a chain. */
export interface BrokenLink {
  readonly id: number;
  readonly version: number;
  /**
   * `content`: the row does not match its hash. `link`: the hash that it stores of the previous row is not the hash
   * of the row before it.
   */
  readonly broken: 'content' | 'link';
}

/** The result of a check of a model's chain. */
export interface CheckedChain {
  readonly moves: number;
  /** The newest move; null if there is none. */
  readonly head: { readonly id: number; readonly hash: string; readonly at: Date } | null;
  /** The first broken row, or null. */
  readonly broken: BrokenLink | null;
  /** Whether the expected hash is in the chain; true if none was given. */
  readonly isKnown: boolean;
}

/**
 * Recomputes the hash of each move of a model, and checks that the hash which it stores of the previous move is
 * correct.
 *
 * Moves that were removed from the end leave no gap. To detect that, pass the hash of a move that was once the
 * newest: the hash is missing if the move was removed.
 *
 * @param expected a hash that the chain must contain
 * @example (await checkChain(database, 'churn')).broken; // null
 */
export async function checkChain(
  database: Database,
  model: string,
  expected?: string,
): Promise<CheckedChain> {
  const { rows } = await database.pool.query<{
    moves: number;
    known: boolean | null;
    head: { id: number; hash: string; micros: number } | null;
    broken: BrokenLink | null;
  }>(
    `with chain as (
       select id, version, hash, at,
              previous_hash = lag(hash, 1, '') over (order by id) as linked,
              hash = encode(sha256(convert_to(jsonb_build_array(
                previous_hash, id, model, version, from_stage, to_stage, reason, detail,
                actor, authority, evidence_digest, workflow_id, run_id,
                (extract(epoch from at) * 1000000)::bigint)::text, 'UTF8')), 'hex') as intact
       from tidegate.transition
       where model = $1
     )
     select count(*)::int as moves, bool_or(hash = $2) as known,
            (select jsonb_build_object('id', id, 'hash', hash, 'micros', (extract(epoch from at) * 1000000)::bigint)
             from chain order by id desc limit 1) as head,
            (select jsonb_build_object('id', id, 'version', version,
                                       'broken', case when not intact then 'content' else 'link' end)
             from chain where not (linked and intact) order by id limit 1) as broken
     from chain`,
    [model, expected ?? null],
  );
  const { moves, known, head, broken } = rows[0]!;
  return {
    moves,
    head: head && { id: head.id, hash: head.hash, at: new Date(head.micros / 1_000) },
    broken,
    isKnown: expected === undefined || known === true,
  };
}

/** Builds the error for a chain that is broken at a row. */
export const historyChanged = (model: string, { id, version, broken }: BrokenLink): TidegateError =>
  new TidegateError(
    'HISTORY_CHANGED',
    `the history of ${model} was changed: move ${id}, of version ${version}, ` +
      (broken === 'content' ? 'differs from its hash' : 'does not follow the move before it'),
  );

/** One move of a version: when it happened, who made it and why. */
export interface Transition extends Move, Authority {
  readonly model: string;
  readonly at: Date;
  /** Whether somebody approved it who had requested the version. */
  readonly selfApproved: boolean;
  /** Whether an admin made the move in an emergency, instead of the people that the policy asks for. */
  readonly breakGlass: boolean;
}

/** Returns every move of a model's versions, oldest first. */
export async function listTransitions(database: Database, model: string): Promise<Transition[]> {
  const moves = await database.kysely
    .selectFrom('tidegate.transition as transition')
    .select([
      sql<boolean>`transition.reason = 'approved' and exists (
        select from tidegate.decision d
        where d.model = transition.model and d.version = transition.version and d.accepted and d.self_approved)`.as(
        'selfApproved',
      ),
      sql<boolean>`exists (
        select from tidegate.action_grant g
        where g.id = transition.grant_id and g.action = 'break-glass')`.as('breakGlass'),
      'model',
      'version',
      'fromStage as from',
      'toStage as to',
      'reason',
      'detail',
      'actor',
      'authority',
      'evidenceDigest',
      'grantId',
      'workflowId',
      'runId',
      'at',
    ])
    .where('model', '=', model)
    .orderBy('id')
    .execute();
  // Rows that were written before names were validated may contain any characters.
  return moves.map((move) => ({
    ...move,
    actor: printableName(move.actor),
    detail: readableText(move.detail),
  }));
}
