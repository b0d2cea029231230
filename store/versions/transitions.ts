// The history of a model's versions.
import { printableName, readableText } from '../../domain/decisions/written-text.ts';
import { type Database } from '../database.ts';
import { type Authority, type Move } from './move.ts';

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
