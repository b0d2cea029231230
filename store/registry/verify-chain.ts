// The audit chain, checked: each move holds the hash of the one before, so none can be changed or taken out unseen.
import { TidegateError } from '../../domain/errors.ts';
import { type Database } from '../postgres/database.ts';
import { printableName, readableText } from '../../domain/decisions/written-text.ts';
import { type Authority, type Move } from './stage-moves.ts';

/** The first row of a chain that does not hold. */
export interface BrokenLink {
  readonly id: number;
  readonly version: number;
  /** `content`: the row is not what was hashed. `link`: the row before is not the one it was appended to. */
  readonly broken: 'content' | 'link';
}

/** What a model's chain says of itself. */
export interface CheckedChain {
  readonly moves: number;
  /** The newest move; null if there is none. */
  readonly head: { readonly id: number; readonly hash: string; readonly at: Date } | null;
  /** The first row that is broken, or null. */
  readonly broken: BrokenLink | null;
  /** Whether the hash that was asked for is one of the chain's; true if none was. */
  readonly isKnown: boolean;
}

/**
 * Recomputes the hash of each move of a model from the row, and compares its link with the hash of the row before.
 *
 * Rows removed from the end leave no gap. Whoever kept the hash of an earlier newest move can ask for it: it is missing
 * if the chain was cut before that move.
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

/** The error of a chain that is broken at a row. */
export const historyChanged = (model: string, { id, version, broken }: BrokenLink): TidegateError =>
  new TidegateError(
    'HISTORY_CHANGED',
    `the history of ${model} was changed: move ${id}, of version ${version}, ` +
      (broken === 'content' ? 'differs from its hash' : 'does not follow the move before it'),
  );

/** What happened to a version, when, and on whose word. */
export interface Transition extends Move, Authority {
  readonly model: string;
  readonly at: Date;
}

/** Every move of a model's versions, oldest first. */
export async function listTransitions(database: Database, model: string): Promise<Transition[]> {
  const moves = await database.kysely
    .selectFrom('tidegate.transition')
    .select([
      'model',
      'version',
      'from_stage as from',
      'to_stage as to',
      'reason',
      'detail',
      'actor',
      'authority',
      'evidence_digest as evidenceDigest',
      'workflow_id as workflowId',
      'run_id as runId',
      'at',
    ])
    .where('model', '=', model)
    .orderBy('id')
    .execute();
  // Rows from before names were checked may hold anything.
  return moves.map((move) => ({
    ...move,
    actor: printableName(move.actor),
    detail: readableText(move.detail),
  }));
}
