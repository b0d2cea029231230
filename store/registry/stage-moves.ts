// Moves versions between stages: each move is a row, and a trigger checks it and changes the stage.
import { type Kysely, type Transaction } from 'kysely';
import { TidegateError } from '../../domain/errors.ts';
import { excerpt } from '../../domain/excerpt.ts';
import { inKyselyTransaction } from '../postgres/connections.ts';
import { type Database } from '../postgres/database.ts';
import { type Stage, type Tables } from '../postgres/tables.ts';

/** Who moves a version, and what authorizes the move. */
export interface Authority {
  /** The person, or `tidegate` if a rule decided on the move. */
  readonly actor: string;
  /** How the actor was established: `rule`, `unverified` (the name is only claimed), `key`, `session` or `oidc`. */
  readonly authority: string;
  /** The grant of the actor; absent if a rule decided, or if nobody was authenticated. */
  readonly grantId?: string | null;
  readonly evidenceDigest: string | null;
  readonly workflowId: string;
  readonly runId: string;
}

/** One move of a version from one stage to another. */
export interface Move {
  readonly version: number;
  readonly from: Stage;
  readonly to: Stage;
  readonly reason: string;
  readonly detail: string;
}

const ILLEGAL = 'TG002';
const GRANT_REQUIRED = 'TG006';

/**
 * Runs `work` in a transaction that locks the model, so that only one transaction at a time reads or changes the
 * stages of its versions.
 *
 * @throws TidegateError UNKNOWN_MODEL; ILLEGAL_MOVE if the database refuses a move; GRANT_REQUIRED if the policy asks for
 *   the word of people who were authenticated
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
    const { code, message } = error as Error & { code?: string };
    if (code === ILLEGAL) throw new TidegateError('ILLEGAL_MOVE', message, { cause: error });
    if (code === GRANT_REQUIRED) throw new TidegateError('GRANT_REQUIRED', message, { cause: error });
    throw error;
  }
}

/** Inserts the row of a move; the trigger then changes the stage of the version. */
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
      fromStage: step.from,
      toStage: step.to,
      reason: step.reason,
      detail: step.detail,
      actor: by.actor,
      authority: by.authority,
      evidenceDigest: by.evidenceDigest,
      grantId: by.grantId ?? null,
      workflowId: by.workflowId,
      runId: by.runId,
    })
    .execute();
}

/** Returns the number of the version that is in `stage`; null if there is none. */
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

/** Returns the stage of a version. @throws TidegateError UNKNOWN_VERSION */
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

/** Returns why a version was archived, and the version that took its place in Staging, if one did; undefined if it was not. */
export async function findArchiving(
  { pool }: Database,
  { model, version }: { readonly model: string; readonly version: number },
): Promise<{ reason: string; detail: string; supersededBy: number | null } | undefined> {
  const { rows } = await pool.query<{ reason: string; detail: string; supersededBy: number | null }>(
    `select t.reason, t.detail, case when t.reason = 'superseded' then n.version end as "supersededBy"
     from tidegate.version v
     join tidegate.transition t on t.model = v.model and t.version = v.version
     left join tidegate.transition n on n.model = t.model and n.previous_hash = t.hash
     where v.model = $1 and v.version = $2 and v.stage = 'Archived'
     order by t.id desc limit 1`,
    [model, version],
  );
  return rows[0];
}

/** Archives a version that is in None or Staging; does nothing if it is in another stage. */
export const archive = (
  database: Database,
  model: string,
  version: number,
  by: Authority,
  reason: string,
  detail: string,
): Promise<void> =>
  movingModel(database, model, async (transaction) => {
    const from = await stageOf(transaction, model, version);
    if (from !== 'None' && from !== 'Staging') return;
    await move(transaction, model, by, { version, from, to: 'Archived', reason, detail });
  });

/** Returns the version that was in Production before the champion's first promotion; undefined if there was none. */
export async function championBefore(
  kysely: Kysely<Tables>,
  model: string,
  champion: number,
): Promise<number | undefined> {
  const promotions = await kysely
    .selectFrom('tidegate.transition')
    .select('version')
    .where('model', '=', model)
    .where('toStage', '=', 'Production')
    .orderBy('id')
    .execute();
  const first = promotions.findIndex(({ version }) => version === champion);
  return promotions[first - 1]?.version;
}

/**
 * Promotes the version in Staging, but only if the champion is still the one that the evidence names.
 *
 * @throws TidegateError STALE_CHAMPION if another version is in Production now
 */
export const promote = (
  database: Database,
  model: string,
  version: number,
  expectedChampion: number | null,
  by: Authority,
  detail: string,
): Promise<void> =>
  movingModel(database, model, async (transaction) => {
    const champion = await stageHolder(transaction, model, 'Production');
    if (champion === version) return;
    if (champion !== expectedChampion) {
      const name = (holder: number | null): string => (holder === null ? 'no version' : `version ${holder}`);
      throw new TidegateError(
        'STALE_CHAMPION',
        `${name(champion)} of ${model} is in Production, but the evidence compares with ${name(expectedChampion)}`,
      );
    }
    if (champion !== null) {
      const replaced = { version: champion, from: 'Production', to: 'Archived', reason: 'replaced' } as const;
      await move(transaction, model, by, { ...replaced, detail: `replaced by v${version}` });
    }
    await move(transaction, model, by, {
      version,
      from: 'Staging',
      to: 'Production',
      reason: 'approved',
      detail,
    });
  });

/**
 * Moves a candidate to Staging. If another version is waiting in Staging, it is superseded in the same transaction;
 * with `whilePending: 'skip'` that version stays and the candidate is not moved.
 *
 * @returns whether the candidate is in Staging, and which version it superseded, if any
 */
export const moveToStaging = (
  database: Database,
  model: string,
  version: number,
  by: Authority,
  options: { whilePending: 'supersede' | 'skip'; detail: string },
): Promise<{ staged: boolean; superseded: number | null }> =>
  movingModel(database, model, async (transaction) => {
    const stage = await stageOf(transaction, model, version);
    if (stage === 'Staging')
      return { staged: true, superseded: await supersededBy(transaction, model, version) };
    const waiting = await stageHolder(transaction, model, 'Staging');
    if (waiting !== null && options.whilePending === 'skip') return { staged: false, superseded: null };
    if (waiting !== null) {
      const detail = `superseded by v${version}`;
      await move(transaction, model, by, {
        version: waiting,
        from: 'Staging',
        to: 'Archived',
        reason: 'superseded',
        detail,
      });
    }
    const { detail } = options;
    await move(transaction, model, by, {
      version,
      from: stage,
      to: 'Staging',
      reason: 'rules_passed',
      detail,
    });
    return { staged: true, superseded: waiting };
  });

/**
 * Returns the version that a staged version superseded, so that a repeated call gives the same answer. A version was
 * superseded if the move just before the move to Staging archived it and was made by the same run.
 */
async function supersededBy(
  transaction: Transaction<Tables>,
  model: string,
  version: number,
): Promise<number | null> {
  const staged = await transaction
    .selectFrom('tidegate.transition')
    .select(['id', 'runId'])
    .where('model', '=', model)
    .where('version', '=', version)
    .where('toStage', '=', 'Staging')
    .orderBy('id', 'desc')
    .executeTakeFirstOrThrow();
  const before = await transaction
    .selectFrom('tidegate.transition')
    .select(['version', 'reason', 'runId'])
    .where('model', '=', model)
    .where('id', '<', staged.id)
    .orderBy('id', 'desc')
    .executeTakeFirst();
  return before?.reason === 'superseded' && before.runId === staged.runId ? before.version : null;
}
