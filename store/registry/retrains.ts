// Retrains: who or which report requested each, and its outcome.
import { type LeakCheck } from '../../domain/learning/leak-alarm.ts';
import { type PerformancePart } from '../../domain/decisions/report.ts';
import { printableName } from '../../domain/decisions/written-text.ts';
import { TidegateError } from '../../domain/errors.ts';
import { type Database } from '../postgres/database.ts';
import { picked, type Row } from '../postgres/tables.ts';

const COLUMNS = [
  'id',
  'model',
  'reportId',
  'asOf',
  'trigger',
  'requestedBy',
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

const OPENED = ['id', 'model', 'reportId', 'asOf', 'trigger', 'requestedBy', 'workflowId', 'runId'] as const;

/** Input of {@link openRetrain}. */
export type NewRetrain = Pick<Row<'tidegate.retrain'>, (typeof OPENED)[number]>;

/** Opens a retrain, or returns the one that already has this id. */
export async function openRetrain(database: Database, input: NewRetrain): Promise<Retrain> {
  await database.kysely
    .insertInto('tidegate.retrain')
    .values(picked(input, OPENED))
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute();
  return getRetrain(database, input.id);
}

/** Returns a retrain by its id. @throws NoResultError if there is none */
export async function getRetrain(database: Database, id: string): Promise<Retrain> {
  const row = await database.kysely
    .selectFrom('tidegate.retrain')
    .select(COLUMNS)
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  // Rows that were written before names were validated may contain any characters.
  return { ...row, requestedBy: printableName(row.requestedBy) };
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
