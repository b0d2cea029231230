// Decisions of people on versions: every decision that was sent, whether it was accepted or refused. Rows are never
// changed.
import { randomUUID } from 'node:crypto';
import { printableName, readableText } from '../../domain/decisions/written-text.ts';
import { TidegateError } from '../../domain/errors.ts';
import { type Database } from '../postgres/database.ts';
import { picked, type Row } from '../postgres/tables.ts';

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

const COLUMNS = [...SENT, 'accepted', 'at'] as const;

/** A decision as it was sent, and the reason if it was refused. */
export type Decision = Pick<Row<'tidegate.decision'>, (typeof SENT)[number]>;

/** A decision that was recorded. */
export type RecordedDecision = Pick<Row<'tidegate.decision'>, (typeof COLUMNS)[number]>;

// Rows that were written before names were validated may contain any characters.
const recorded = (row: RecordedDecision): RecordedDecision => ({
  ...row,
  actor: printableName(row.actor),
  comment: readableText(row.comment),
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
    .values({ ...picked(input, SENT), accepted: input.refusal === null })
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
    .select(COLUMNS)
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
    .select(COLUMNS)
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
    .select(COLUMNS)
    .where('model', '=', model)
    .where('version', '=', version)
    .orderBy('id')
    .execute();
  return rows.map(recorded);
}
