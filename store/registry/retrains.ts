// Retrains: who or which report requested each, and its outcome.
import { type LeakCheck } from '../../domain/learning/leak-alarm.ts';
import { type PerformancePart } from '../../domain/decisions/report.ts';
import { printableName } from '../../domain/decisions/written-text.ts';
import { TidegateError } from '../../domain/errors.ts';
import { type Database } from '../postgres/database.ts';
import { picked, type Row } from '../postgres/tables.ts';
import { openWithGrant } from './grants.ts';

const COLUMNS = [
  'id',
  'model',
  'reportId',
  'asOf',
  'trigger',
  'requestedBy',
  'claimedBy',
  'grantId',
  'datasetId',
  'candidateVersion',
  'leaks',
  'outcome',
  'reason',
  'summary',
  'startedAt',
  'finishedAt',
] as const;

/** A retrain; `outcome` is null while it runs. */
export type Retrain = Pick<Row<'tidegate.retrain'>, (typeof COLUMNS)[number]>;

/** Trigger of a retrain whose candidate was imported instead of trained; it is compared and released like any other. */
export const IMPORT = 'import';

const OPENED = ['id', 'model', 'reportId', 'asOf', 'trigger', 'claimedBy', 'workflowId', 'runId'] as const;

/** Input of {@link openRetrain}. */
export interface NewRetrain extends Omit<
  Pick<Row<'tidegate.retrain'>, (typeof OPENED)[number]>,
  'claimedBy'
> {
  /** The name that the request gives, which is recorded as a claim unless a grant says who asks. */
  readonly requestedBy: string;
  /** The grant of the person who asks; the first call uses it. */
  readonly grantId?: string | undefined;
}

/**
 * Opens a retrain, or returns the one that already has this id. The database sets the requester: the person of the grant,
 * the requester of the run that caused it, or `unverified`.
 *
 * @throws TidegateError UNKNOWN_GRANT, GRANT_MISMATCH, GRANT_USED, GRANT_EXPIRED
 */
export async function openRetrain(
  database: Database,
  { requestedBy, grantId, ...input }: NewRetrain,
): Promise<Retrain> {
  const { id, model } = input;
  const claimedBy = isPerson(requestedBy) ? requestedBy : null;
  await openWithGrant(
    database,
    grantId,
    { action: input.trigger === IMPORT ? 'import' : 'retrain', model, by: `retrain ${id}` },
    (kysely) =>
      kysely
        .insertInto('tidegate.retrain')
        .values({ ...picked({ ...input, claimedBy }, OPENED), ...(grantId !== undefined && { grantId }) })
        .onConflict((conflict) => conflict.column('id').doNothing())
        .execute(),
  );
  return getRetrain(database, id);
}

/** What stands in place of a name if nobody was authenticated. */
const NOBODY: readonly string[] = ['unverified', 'schedule'];

const isPerson = (name: string): boolean => !NOBODY.includes(name);

/**
 * Says who asked for something, for people to read.
 *
 * @example describeRequester({ requestedBy: 'unverified', claimedBy: 'ada' }) // 'unverified, who gave the name ada'
 */
export const describeRequester = ({
  requestedBy,
  claimedBy = null,
}: {
  readonly requestedBy: string;
  readonly claimedBy?: string | null;
}): string => (claimedBy === null ? requestedBy : `${requestedBy}, who gave the name ${claimedBy}`);

/** Returns a retrain by its id. @throws NoResultError if there is none */
export async function getRetrain(database: Database, id: string): Promise<Retrain> {
  const row = await database.kysely
    .selectFrom('tidegate.retrain')
    .select(COLUMNS)
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  // Rows that were written before names were validated may contain any characters.
  const { requestedBy, claimedBy } = row;
  return {
    ...row,
    requestedBy: printableName(requestedBy),
    claimedBy: claimedBy === null ? null : printableName(claimedBy),
  };
}

/** Returns the number of the version that a retrain registered. @throws TidegateError DEFECT if it has none */
export function candidateOf({ id, candidateVersion }: Retrain): number {
  if (candidateVersion === null) throw new TidegateError('DEFECT', `retrain ${id} has no candidate`);
  return candidateVersion;
}

/** Records the dataset, the candidate or the result of the leak alarm that a step of a retrain produced. */
export async function noteRetrain(
  database: Database,
  id: string,
  made: { datasetId?: number; candidateVersion?: number; leaks?: LeakCheck },
): Promise<void> {
  await database.kysely
    .updateTable('tidegate.retrain')
    .set({
      ...(made.datasetId !== undefined && { datasetId: made.datasetId }),
      ...(made.candidateVersion !== undefined && { candidateVersion: made.candidateVersion }),
      ...(made.leaks !== undefined && { leaks: JSON.stringify(made.leaks) }),
    })
    .where('id', '=', id)
    .execute();
}

/** Closes a retrain with its outcome; does nothing if it is closed already. */
export async function closeRetrain(
  database: Database,
  id: string,
  end: { outcome: string; reason: string; summary: string },
): Promise<void> {
  await database.kysely
    .updateTable('tidegate.retrain')
    .set({ ...end, finishedAt: new Date() })
    .where('id', '=', id)
    .where('finishedAt', 'is', null)
    .execute();
}

/** Returns the newest retrains of a model, newest first. */
export const listRetrains = (database: Database, model: string, limit = 20): Promise<Retrain[]> =>
  database.kysely
    .selectFrom('tidegate.retrain')
    .select(COLUMNS)
    .where('model', '=', model)
    .orderBy('startedAt', 'desc')
    .limit(limit)
    .execute();

/** Returns the retrain that a report led to, if any. */
export const findRetrainOfReport = (database: Database, reportId: number): Promise<Retrain | undefined> =>
  database.kysely
    .selectFrom('tidegate.retrain')
    .select(COLUMNS)
    .where('reportId', '=', reportId)
    .orderBy('startedAt', 'desc')
    .limit(1)
    .executeTakeFirst();

/** Whether rows with this digest, frozen by this definition, led to a retrain that is running or finished. */
export async function wasRetrainedOn(
  database: Database,
  model: string,
  datasetDigest: string,
  definitionVersion: number,
): Promise<boolean> {
  const row = await database.kysely
    .selectFrom('tidegate.retrain')
    .innerJoin('tidegate.report', 'tidegate.report.id', 'tidegate.retrain.reportId')
    .innerJoin('tidegate.dataset', 'tidegate.dataset.id', 'tidegate.report.datasetId')
    .select('tidegate.retrain.id')
    .where('tidegate.retrain.model', '=', model)
    .where('tidegate.dataset.digest', '=', datasetDigest)
    .where('tidegate.dataset.definitionVersion', '=', definitionVersion)
    // A retrain that failed or was cancelled says nothing about these rows.
    .where((where) =>
      where.or([
        where('tidegate.retrain.outcome', 'is', null),
        where('tidegate.retrain.outcome', 'not in', ['failed', 'cancelled']),
      ]),
    )
    .executeTakeFirst();
  return row !== undefined;
}

/**
 * Returns the newest retrain whose candidate was refused, with the report that caused it. Ignores retrains that were
 * refused before training, because they had no candidate.
 */
export const findLastRefusal = (
  database: Database,
  model: string,
): Promise<{ finishedAt: Date | null; performance: PerformancePart | null } | undefined> =>
  database.kysely
    .selectFrom('tidegate.retrain')
    .leftJoin('tidegate.report', 'tidegate.report.id', 'tidegate.retrain.reportId')
    .select(['tidegate.retrain.finishedAt', 'tidegate.report.performance as performance'])
    .where('tidegate.retrain.model', '=', model)
    .where('tidegate.retrain.outcome', '=', 'refused')
    .where('tidegate.retrain.candidateVersion', 'is not', null)
    .orderBy('tidegate.retrain.finishedAt', 'desc')
    .executeTakeFirst();
