// Decisions of people on versions: every decision that was sent, whether it was accepted or refused. Rows are never
// changed.
import { createHash, randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { MAX_REFUSALS_WRITTEN } from '../../domain/decisions/approval.ts';
import { printableName, readableText } from '../../domain/decisions/written-text.ts';
import { TidegateError } from '../../domain/errors.ts';
import { inKyselyTransaction } from '../postgres/connections.ts';
import { type Database } from '../postgres/database.ts';
import { picked, type Row } from '../postgres/tables.ts';
import { closeGrant, consumeGrant, getGrant, type Grant } from './grants.ts';
import { requestNotice } from './notice-requests.ts';

const SENT = [
  'request',
  'model',
  'version',
  'evidenceDigest',
  'decision',
  'actor',
  'authority',
  'channel',
  'comment',
  'refusal',
  'workflowId',
  'runId',
] as const;

const COLUMNS = [...SENT, 'accepted', 'at', 'grantId', 'personId', 'settles', 'selfApproved'] as const;

/** A decision as it was sent, and the reason if it was refused. */
export type Decision = Pick<Row<'tidegate.decision'>, (typeof SENT)[number]>;

/** A decision that was recorded. */
export type RecordedDecision = Pick<Row<'tidegate.decision'>, (typeof COLUMNS)[number]> & {
  /** Whether it was made in an emergency, by an admin instead of the people that the policy asks for. */
  readonly breakGlass: boolean;
};

const breakGlass = sql<boolean>`exists (
  select from tidegate.action_grant g where g.id = decision.grant_id and g.action = 'break-glass')`.as(
  'breakGlass',
);

const select = ({ kysely }: Database) =>
  kysely.selectFrom('tidegate.decision as decision').select(COLUMNS).select(breakGlass);

// Rows that were written before names were validated may contain any characters.
const recorded = (row: RecordedDecision): RecordedDecision => ({
  ...row,
  actor: printableName(row.actor),
  comment: readableText(row.comment),
});

/**
 * Records a decision; a repeated call returns the row that the first call wrote. A decision that was to be accepted is
 * recorded as refused if another one settled the version in the meantime, or if the frozen policy does not let this
 * person decide.
 *
 * @param grant the grant of the person, which this uses; absent if nobody was authenticated
 * @throws TidegateError GRANT_USED if something else has used the grant; GRANT_EXPIRED
 */
export async function recordDecision(
  database: Database,
  input: Decision,
  grant?: Grant,
): Promise<RecordedDecision> {
  try {
    const written = await insertDecision(database, input, grant);
    if (written) return written;
  } catch (error) {
    const refusal = await refusalOf(database, input, grant, error);
    if (input.refusal !== null || refusal === undefined) throw error;
    return recordDecision(database, { ...input, refusal }, grant);
  }
  const earlier = await findAcceptedDecision(database, input.model, input.version);
  const refused =
    earlier && (await insertDecision(database, { ...input, refusal: describeAcceptedDecision(earlier) }));
  if (!refused) throw new TidegateError('INTERNAL', `decision ${input.request} could not be recorded`);
  return refused;
}

const NOT_ALLOWED = 'TG002';
const UNIQUE_VIOLATION = '23505';

/** Returns why the database refused to accept a decision; undefined if it failed for another reason. */
async function refusalOf(
  database: Database,
  { model, version }: Decision,
  grant: Grant | undefined,
  error: unknown,
): Promise<string | undefined> {
  const { code, message } = error as Error & { code?: string };
  if (code === NOT_ALLOWED) return message;
  if (code !== UNIQUE_VIOLATION || !grant) return undefined;
  const settled = await findAcceptedDecision(database, model, version);
  return settled
    ? describeAcceptedDecision(settled)
    : `${grant.person} has decided on version ${version} already`;
}

/** A decision as a person sent it; {@link recordUnsent} fills in the rest of its row. */
export type SentDecision = Pick<Decision, 'model' | 'version' | 'evidenceDigest' | 'decision' | 'comment'> & {
  readonly decidedBy: string;
  /** The grant of the person; null if nobody was authenticated. */
  readonly grantId: string | null;
};

/**
 * Records a decision that was refused before it reached a run, with the reason, and uses its grant, so that nobody can use it
 * later. If the version has {@link MAX_REFUSALS_WRITTEN} refusals already, the grant ends and no row is written.
 *
 * @param workflowId the workflow id and run id of the run that would have verified it, as far as they are known
 */
export async function recordUnsent(
  database: Database,
  { decidedBy, grantId, ...sent }: SentDecision,
  refusal: string,
  { workflowId, runId }: Pick<Decision, 'workflowId' | 'runId'>,
): Promise<void> {
  if (await isRefusedTooOften(database, sent)) {
    if (grantId !== null) await closeGrant(database, grantId, refusal);
    return;
  }
  const grant = grantId === null ? undefined : await getGrant(database.kysely, grantId);
  const row: Decision = {
    ...sent,
    request: `unsent/${randomUUID()}`,
    actor: grant?.person ?? decidedBy,
    authority: grant?.via ?? 'unverified',
    channel: 'update',
    refusal,
    workflowId,
    runId,
  };
  // A run may have used the grant in the meantime, or it may have expired: then the refusal is recorded without it.
  if (grant && (await wasRecordedWith(database, row, grant))) return;
  await recordDecision(database, { ...row, authority: 'unverified' });
}

async function wasRecordedWith(database: Database, row: Decision, grant: Grant): Promise<boolean> {
  try {
    await recordDecision(database, row, grant);
    return true;
  } catch (error) {
    const code = error instanceof TidegateError ? error.code : undefined;
    if (code === 'GRANT_USED' || code === 'GRANT_EXPIRED') return false;
    throw error;
  }
}

async function isRefusedTooOften(
  { kysely }: Database,
  { model, version }: Pick<Decision, 'model' | 'version'>,
): Promise<boolean> {
  const last = await kysely
    .selectFrom('tidegate.decision')
    .select('id')
    .where('model', '=', model)
    .where('version', '=', version)
    .where('accepted', '=', false)
    .limit(1)
    .offset(MAX_REFUSALS_WRITTEN - 1)
    .executeTakeFirst();
  return last !== undefined;
}

/** Describes an accepted decision: "version 2 was approved by ada at 2024-03-01T09:00:00.000Z". */
export const describeAcceptedDecision = ({ version, decision, actor, at }: RecordedDecision): string =>
  `version ${version} was ${decision === 'approve' ? 'approved' : 'rejected'} by ${actor} at ${at.toISOString()}`;

/**
 * Inserts a row unless there is one with the same request, and returns the row of the request; undefined if it would
 * be a second decision that settles the version. A grant is used in the same transaction.
 */
async function insertDecision(
  database: Database,
  input: Decision,
  grant?: Grant,
): Promise<RecordedDecision | undefined> {
  const row = { ...picked(input, SENT), accepted: input.refusal === null };
  if (!grant) {
    await inKyselyTransaction(database, async (transaction) => {
      const written = await transaction
        .insertInto('tidegate.decision')
        .values(row)
        .onConflict((conflict) => conflict.doNothing())
        .returning(NOTICED)
        .executeTakeFirst();
      if (written) await reportApproval(transaction, written);
    });
    return findDecision(database, input.request);
  }
  const { id, action } = grant;
  await inKyselyTransaction(database, (transaction) =>
    consumeGrant(
      transaction,
      id,
      { ...wantedOf(input), action, by: `decision ${input.request}` },
      async () => {
        const written = await transaction
          .insertInto('tidegate.decision')
          .values({ ...row, grantId: id })
          .returning(NOTICED)
          .executeTakeFirstOrThrow();
        await reportApproval(transaction, written);
        return { accepted: row.accepted, refusal: input.refusal };
      },
    ),
  );
  return findDecision(database, input.request);
}

const NOTICED = [
  'request',
  'model',
  'version',
  'decision',
  'actor',
  'accepted',
  'settles',
  'selfApproved',
  'workflowId',
  'runId',
] as const;

/** An approval is reported with its row, so that the next person whom the policy asks for learns of it. */
async function reportApproval(
  kysely: Database['kysely'],
  written: Pick<RecordedDecision, (typeof NOTICED)[number]>,
): Promise<void> {
  const { request, model, version, decision, actor, accepted, settles, selfApproved } = written;
  if (!accepted || decision !== 'approve') return;
  const { workflowId, runId } = written;
  await requestNotice(kysely, {
    id: createHash('sha256').update(`approved\n${request}`).digest('hex').slice(0, 32),
    event: 'approved',
    model,
    version,
    message:
      `${printableName(actor)} approved version ${version}${selfApproved ? ' (self-approved)' : ''}` +
      (settles ? '' : '; it waits for another approval'),
    run: { workflowId, runId },
  });
}

const wantedOf = ({ model, version, evidenceDigest }: Decision) => ({ model, version, evidenceDigest });

/** Returns the decision that this request recorded, if any. */
export async function findDecision(
  database: Database,
  request: string,
): Promise<RecordedDecision | undefined> {
  const row = await select(database).where('request', '=', request).executeTakeFirst();
  return row && recorded(row);
}

/** Returns the decision that used a grant, if any. */
export async function findDecisionOfGrant(
  database: Database,
  grantId: string,
): Promise<RecordedDecision | undefined> {
  const row = await select(database).where('grantId', '=', grantId).executeTakeFirst();
  return row && recorded(row);
}

/** Returns how many people have agreed on a version so far: approved it, or rejected it. */
export async function countAgreeing(
  { kysely }: Database,
  { model, version, decision }: Pick<Decision, 'model' | 'version' | 'decision'>,
): Promise<number> {
  const row = await kysely
    .selectFrom('tidegate.decision')
    .select((eb) => eb.fn.count<number>('personId').distinct().as('people'))
    .where('model', '=', model)
    .where('version', '=', version)
    .where('decision', '=', decision)
    .where('accepted', '=', true)
    .executeTakeFirstOrThrow();
  return row.people;
}

/** Returns the decision that settled a version: the last of the approvals that its policy asks for, or the refusal. */
export async function findAcceptedDecision(
  database: Database,
  model: string,
  version: number,
): Promise<RecordedDecision | undefined> {
  const row = await select(database)
    .where('model', '=', model)
    .where('version', '=', version)
    .where('settles', '=', true)
    .executeTakeFirst();
  return row && recorded(row);
}

/** Returns all decisions on a version, oldest first. */
export async function listDecisions(
  database: Database,
  model: string,
  version: number,
): Promise<RecordedDecision[]> {
  const rows = await select(database)
    .where('model', '=', model)
    .where('version', '=', version)
    .orderBy('id')
    .execute();
  return rows.map(recorded);
}
