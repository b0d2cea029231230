// Decisions of people on versions: every decision that was sent, whether it was accepted or refused. Rows are never
// changed.
import { randomUUID } from 'node:crypto';
import { type Selectable } from 'kysely';
import { printableName, readableText } from '../../domain/decisions/written-text.ts';
import { TidegateError } from '../../domain/errors.ts';
import { type Database } from '../postgres/database.ts';
import { type Tables } from '../postgres/tables.ts';

type Row = Selectable<Tables['tidegate.decision']>;

/** A decision as it was sent, and the reason if it was refused. */
export interface Decision {
  readonly request: string;
  readonly model: string;
  readonly version: number;
  readonly evidenceDigest: string;
  readonly decision: 'approve' | 'reject';
  readonly actor: string;
  readonly authority: 'unverified' | 'key';
  readonly channel: 'signal' | 'update';
  readonly comment: string;
  readonly refusal: string | null;
  readonly workflowId: string;
  readonly runId: string;
}

/** A decision that was recorded. */
export interface RecordedDecision extends Decision {
  readonly accepted: boolean;
  readonly at: Date;
}

const recorded = (row: Row): RecordedDecision => ({
  request: row.request,
  model: row.model,
  version: row.version,
  evidenceDigest: row.evidenceDigest,
  decision: row.decision,
  // Rows that were written before names were validated may contain any characters.
  actor: printableName(row.actor),
  authority: row.authority,
  channel: row.channel,
  comment: readableText(row.comment),
  refusal: row.refusal,
  workflowId: row.workflowId,
  runId: row.runId,
  accepted: row.accepted,
  at: row.at,
});

/**
 * Records a decision; a repeated call returns the row that the first call wrote. If another decision on the version was
 * accepted in the meantime, this one is recorded as refused.
 */
export async function recordDecision(database: Database, input: Decision): Promise<RecordedDecision> {
  const written = await insertDecision(database, input);
  if (written) return written;
  const earlier = await findAcceptedDecision(database, input.model, input.version);
  const refused =
    earlier && (await insertDecision(database, { ...input, refusal: describeAcceptedDecision(earlier) }));
  if (!refused) throw new TidegateError('INTERNAL', `decision ${input.request} could not be recorded`);
  return refused;
}

/** A decision as a person sent it; {@link recordUnsent} fills in the rest of its row. */
export type SentDecision = Pick<Decision, 'model' | 'version' | 'evidenceDigest' | 'decision' | 'comment'> & {
  readonly decidedBy: string;
};

/**
 * Records a decision that was refused before it reached a run, with the reason.
 *
 * @param workflowId the workflow id and run id of the run that would have verified it, as far as they are known
 */
export const recordUnsent = (
  database: Database,
  { decidedBy, ...sent }: SentDecision,
  refusal: string,
  { workflowId, runId }: Pick<Decision, 'workflowId' | 'runId'>,
): Promise<RecordedDecision> =>
  recordDecision(database, {
    ...sent,
    request: `unsent/${randomUUID()}`,
    actor: decidedBy,
    authority: 'unverified',
    channel: 'update',
    refusal,
    workflowId,
    runId,
  });

/** Describes an accepted decision: "version 2 was approved by ada at 2024-03-01T09:00:00.000Z". */
export const describeAcceptedDecision = ({ version, decision, actor, at }: RecordedDecision): string =>
  `version ${version} was ${decision === 'approve' ? 'approved' : 'rejected'} by ${actor} at ${at.toISOString()}`;

/**
 * Inserts a row unless there is one with the same request, and returns the row of the request; undefined if it would
 * be a second accepted decision.
 */
async function insertDecision(database: Database, input: Decision): Promise<RecordedDecision | undefined> {
  await database.kysely
    .insertInto('tidegate.decision')
    .values({
      request: input.request,
      model: input.model,
      version: input.version,
      evidenceDigest: input.evidenceDigest,
      decision: input.decision,
      actor: input.actor,
      authority: input.authority,
      channel: input.channel,
      comment: input.comment,
      accepted: input.refusal === null,
      refusal: input.refusal,
      workflowId: input.workflowId,
      runId: input.runId,
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  return findDecision(database, input.request);
}

/** Returns the decision that this request recorded, if any. */
export async function findDecision(
  database: Database,
  request: string,
): Promise<RecordedDecision | undefined> {
  const row = await database.kysely
    .selectFrom('tidegate.decision')
    .selectAll()
    .where('request', '=', request)
    .executeTakeFirst();
  return row && recorded(row);
}

/** Returns the accepted decision on a version, if there is one. */
export async function findAcceptedDecision(
  database: Database,
  model: string,
  version: number,
): Promise<RecordedDecision | undefined> {
  const row = await database.kysely
    .selectFrom('tidegate.decision')
    .selectAll()
    .where('model', '=', model)
    .where('version', '=', version)
    .where('accepted', '=', true)
    .executeTakeFirst();
  return row && recorded(row);
}

/** Returns all decisions on a version, oldest first. */
export async function listDecisions(
  database: Database,
  model: string,
  version: number,
): Promise<RecordedDecision[]> {
  const rows = await database.kysely
    .selectFrom('tidegate.decision')
    .selectAll()
    .where('model', '=', model)
    .where('version', '=', version)
    .orderBy('id')
    .execute();
  return rows.map(recorded);
}
