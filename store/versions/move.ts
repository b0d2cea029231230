// A move between stages is a row; the database checks it and changes the stage.
import { type Transaction } from 'kysely';
import { TidegateError } from '../../domain/errors.ts';
import { excerpt } from '../../domain/excerpt.ts';
import { inKyselyTransaction } from '../connections.ts';
import { type Database } from '../database.ts';
import { type Stage, type Tables } from '../tables.ts';

/** Who moves a version, and on which ground. */
export interface Authority {
  /** The person, or `tidegate` where a rule moved it. */
  readonly actor: string;
  /** What the actor's name rests on: `rule`, `unverified`, `key`. */
  readonly authority: string;
  readonly evidenceDigest: string | null;
  readonly workflowId: string;
  readonly runId: string;
}

/** One move of one version. */
export interface Move {
  readonly version: number;
  readonly from: Stage;
  readonly to: Stage;
  readonly reason: string;
  readonly detail: string;
}

const ILLEGAL = 'TG002';

/**
 * Runs `work` with the model locked, so that stages are read and moved by one transaction at a time.
 *
 * @throws TidegateError UNKNOWN_MODEL; ILLEGAL_MOVE when the database refuses a move
 */
export async function movingModel<T>(
  database: Database,
  model: string,
  work: (transaction: Transaction<Tables>) => Promise<T>,
): Promise<T> {
  try {
    return await inKyselyTransaction(database, async (transaction) => {
      const locked = await transaction
        .selectFrom('tidegate.model')
        .select('name')
        .where('name', '=', model)
        .forUpdate()
        .executeTakeFirst();
      if (!locked) throw new TidegateError('UNKNOWN_MODEL', `there is no model "${excerpt(model)}"`);
      return work(transaction);
    });
  } catch (error) {
    if ((error as { code?: string }).code === ILLEGAL) {
      throw new TidegateError('ILLEGAL_MOVE', (error as Error).message, { cause: error });
    }
    throw error;
  }
}

/** Appends one move. */
export async function move(
  transaction: Transaction<Tables>,
  model: string,
  by: Authority,
  step: Move,
): Promise<void> {
  await transaction
    .insertInto('tidegate.transition')
    .values({
      model,
      version: step.version,
      from_stage: step.from,
      to_stage: step.to,
      reason: step.reason,
      detail: step.detail,
      actor: by.actor,
      authority: by.authority,
      evidence_digest: by.evidenceDigest,
      workflow_id: by.workflowId,
      run_id: by.runId,
    })
    .execute();
}

/** The version in a stage that holds one at most. */
export const stageHolder = async (
  transaction: Transaction<Tables>,
  model: string,
  stage: 'Production' | 'Staging',
): Promise<number | null> => {
  const row = await transaction
    .selectFrom('tidegate.version')
    .select('version')
    .where('model', '=', model)
    .where('stage', '=', stage)
    .executeTakeFirst();
  return row?.version ?? null;
};

/** @throws TidegateError UNKNOWN_VERSION */
export const stageOf = async (
  transaction: Transaction<Tables>,
  model: string,
  version: number,
): Promise<Stage> => {
  const row = await transaction
    .selectFrom('tidegate.version')
    .select('stage')
    .where('model', '=', model)
    .where('version', '=', version)
    .executeTakeFirst();
  if (!row) throw new TidegateError('UNKNOWN_VERSION', `${model} has no version ${version}`);
  return row.stage;
};
