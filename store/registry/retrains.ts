// Retrains: each asked for once, by a report or a person, with what became of it.
import { type LeakCheck } from '../../domain/learning/leak-alarm.ts';
import { type PerformancePart } from '../../domain/decisions/report.ts';
import { printableName } from '../../domain/decisions/written-text.ts';
import { TidegateError } from '../../domain/errors.ts';
import { type Database } from '../postgres/database.ts';

/** A retrain; `outcome` is null while it runs. */
export interface Retrain {
  readonly id: string;
  readonly model: string;
  readonly reportId: number | null;
  /** The instant whose window evaluates the candidate, where no report names one. */
  readonly asOf: Date | null;
  readonly trigger: string;
  readonly requestedBy: string;
  readonly datasetId: number | null;
  readonly candidateVersion: number | null;
  /** What the leak alarm found before training; null where it has not looked. */
  readonly leaks: LeakCheck | null;
  readonly outcome: string | null;
  readonly reason: string | null;
  readonly summary: string | null;
  readonly startedAt: Date;
  readonly finishedAt: Date | null;
}

/** Trigger of a retrain that trains nothing: its candidate was imported, and is compared and released as any other. */
export const IMPORT = 'import';

/** What a retrain begins with. */
export interface NewRetrain {
  readonly id: string;
  readonly model: string;
  readonly reportId: number | null;
  /** The instant whose window evaluates the candidate, where no report names one. */
  readonly asOf: Date | null;
  readonly trigger: string;
  readonly requestedBy: string;
  readonly workflowId: string;
  readonly runId: string;
}

const COLUMNS = [
  'id',
  'model',
  'report_id as reportId',
  'as_of as asOf',
  'trigger',
  'requested_by as requestedBy',
  'dataset_id as datasetId',
  'candidate_version as candidateVersion',
  'leaks',
  'outcome',
  'reason',
  'summary',
  'started_at as startedAt',
  'finished_at as finishedAt',
] as const;

/** Opens a retrain, or returns the one that was opened under this id before. */
export async function openRetrain(database: Database, input: NewRetrain): Promise<Retrain> {
  await database.kysely
    .insertInto('tidegate.retrain')
    .values({
      id: input.id,
      model: input.model,
      report_id: input.reportId,
      as_of: input.asOf,
      trigger: input.trigger,
      requested_by: input.requestedBy,
      workflow_id: input.workflowId,
      run_id: input.runId,
    })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute();
  return getRetrain(database, input.id);
}

/** A retrain by its id. @throws NoResultError where there is none */
export async function getRetrain(database: Database, id: string): Promise<Retrain> {
  const row = await database.kysely
    .selectFrom('tidegate.retrain')
    .select(COLUMNS)
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  // Rows from before names were checked may hold anything.
  return { ...row, requestedBy: printableName(row.requestedBy) };
}

/** The version that a retrain made. @throws TidegateError DEFECT where its training has not ended */
export function candidateOf({ id, candidateVersion }: Retrain): number {
  if (candidateVersion === null) throw new TidegateError('DEFECT', `retrain ${id} has no candidate`);
  return candidateVersion;
}

/** Notes what a step of a retrain made. */
export async function noteRetrain(
  database: Database,
  id: string,
  made: { datasetId?: number; candidateVersion?: number; leaks?: LeakCheck },
): Promise<void> {
  await database.kysely
    .updateTable('tidegate.retrain')
    .set({
      ...(made.datasetId !== undefined && { dataset_id: made.datasetId }),
      ...(made.candidateVersion !== undefined && { candidate_version: made.candidateVersion }),
      ...(made.leaks !== undefined && { leaks: JSON.stringify(made.leaks) }),
    })
    .where('id', '=', id)
    .execute();
}

/** Closes a retrain with its outcome; one that is closed stays as it is. */
export async function closeRetrain(
  database: Database,
  id: string,
  end: { outcome: string; reason: string; summary: string },
): Promise<void> {
  await database.kysely
    .updateTable('tidegate.retrain')
    .set({ ...end, finished_at: new Date() })
    .where('id', '=', id)
    .where('finished_at', 'is', null)
    .execute();
}

/** The newest retrains of a model, newest first. */
export const listRetrains = (database: Database, model: string, limit = 20): Promise<Retrain[]> =>
  database.kysely
    .selectFrom('tidegate.retrain')
    .select(COLUMNS)
    .where('model', '=', model)
    .orderBy('started_at', 'desc')
    .limit(limit)
    .execute();

/** The retrain that a report led to, if it led to one. */
export const findRetrainOfReport = (database: Database, reportId: number): Promise<Retrain | undefined> =>
  database.kysely
    .selectFrom('tidegate.retrain')
    .select(COLUMNS)
    .where('report_id', '=', reportId)
    .orderBy('started_at', 'desc')
    .limit(1)
    .executeTakeFirst();

/** Whether rows of this digest, frozen by this definition, have led to a retrain that runs or was carried through. */
export async function wasRetrainedOn(
  database: Database,
  model: string,
  datasetDigest: string,
  definitionVersion: number,
): Promise<boolean> {
  const row = await database.kysely
    .selectFrom('tidegate.retrain')
    .innerJoin('tidegate.report', 'tidegate.report.id', 'tidegate.retrain.report_id')
    .innerJoin('tidegate.dataset', 'tidegate.dataset.id', 'tidegate.report.dataset_id')
    .select('tidegate.retrain.id')
    .where('tidegate.retrain.model', '=', model)
    .where('tidegate.dataset.digest', '=', datasetDigest)
    .where('tidegate.dataset.definition_version', '=', definitionVersion)
    // One that failed or was cancelled proved nothing about these rows.
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
 * The newest retrain whose candidate was refused, with the report that caused it. A window that was refused before training
 * says nothing of a candidate.
 */
export const findLastRefusal = (
  database: Database,
  model: string,
): Promise<{ finishedAt: Date | null; performance: PerformancePart | null } | undefined> =>
  database.kysely
    .selectFrom('tidegate.retrain')
    .leftJoin('tidegate.report', 'tidegate.report.id', 'tidegate.retrain.report_id')
    .select(['tidegate.retrain.finished_at as finishedAt', 'tidegate.report.performance as performance'])
    .where('tidegate.retrain.model', '=', model)
    .where('tidegate.retrain.outcome', '=', 'refused')
    .where('tidegate.retrain.candidate_version', 'is not', null)
    .orderBy('tidegate.retrain.finished_at', 'desc')
    .executeTakeFirst();
