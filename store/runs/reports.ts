// Reports: what one monitor run measured and decided.
import { type RetrainDecision } from '../../domain/lifecycle/decide-retrain.ts';
import { type DriftPart, type PerformancePart, type QualityPart } from '../../domain/lifecycle/report.ts';
import { TidegateError } from '../../domain/errors.ts';
import { type Database } from '../database.ts';

/** A report; a part is null until its step has run. */
export interface Report {
  readonly id: number;
  readonly model: string;
  readonly definitionVersion: number;
  readonly championVersion: number | null;
  readonly datasetId: number;
  readonly asOf: Date;
  readonly quality: QualityPart | null;
  readonly drift: DriftPart | null;
  readonly performance: PerformancePart | null;
  readonly decision: RetrainDecision | null;
  readonly summary: string | null;
  readonly workflowId: string;
  readonly runId: string;
  readonly createdAt: Date;
}

/** What a report begins with. */
export interface NewReport {
  /** Names the run: a repeated step finds its report. */
  readonly request: string;
  readonly model: string;
  readonly definitionVersion: number;
  readonly championVersion: number | null;
  readonly datasetId: number;
  readonly asOf: Date;
  readonly workflowId: string;
  readonly runId: string;
}

const COLUMNS = [
  'id',
  'model',
  'definition_version as definitionVersion',
  'champion_version as championVersion',
  'dataset_id as datasetId',
  'as_of as asOf',
  'quality',
  'drift',
  'performance',
  'decision',
  'summary',
  'workflow_id as workflowId',
  'run_id as runId',
  'created_at as createdAt',
] as const;

/** Opens a report, or returns the one that this request opened before. */
export async function openReport(database: Database, input: NewReport): Promise<Report> {
  await database.kysely
    .insertInto('tidegate.report')
    .values({
      request: input.request,
      model: input.model,
      definition_version: input.definitionVersion,
      champion_version: input.championVersion,
      dataset_id: input.datasetId,
      as_of: input.asOf,
      workflow_id: input.workflowId,
      run_id: input.runId,
    })
    .onConflict((conflict) => conflict.column('request').doNothing())
    .execute();
  return database.kysely
    .selectFrom('tidegate.report')
    .select(COLUMNS)
    .where('request', '=', input.request)
    .executeTakeFirstOrThrow();
}

/** Writes one part of a report. */
export async function writeReportPart(
  database: Database,
  id: number,
  part: 'quality' | 'drift' | 'performance' | 'decision',
  body: unknown,
): Promise<void> {
  await database.kysely
    .updateTable('tidegate.report')
    .set({ [part]: JSON.stringify(body) })
    .where('id', '=', id)
    .execute();
}

/** Writes the one-line summary of a report. */
export async function summariseReport(database: Database, id: number, summary: string): Promise<void> {
  await database.kysely.updateTable('tidegate.report').set({ summary }).where('id', '=', id).execute();
}

/** A report by its id. @throws TidegateError UNKNOWN_REPORT */
export async function getReport(database: Database, id: number): Promise<Report> {
  const row = await database.kysely
    .selectFrom('tidegate.report')
    .select(COLUMNS)
    .where('id', '=', id)
    .executeTakeFirst();
  if (!row) throw new TidegateError('UNKNOWN_REPORT', `there is no report ${id}`);
  return row;
}

/** The newest reports of a model, newest first. */
export const listReports = (database: Database, model: string, limit = 20): Promise<Report[]> =>
  database.kysely
    .selectFrom('tidegate.report')
    .select(COLUMNS)
    .where('model', '=', model)
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();

/** Whether an earlier report spoke of a dataset of this digest. */
export async function isReportedBefore(
  database: Database,
  id: number,
  datasetDigest: string,
): Promise<boolean> {
  const row = await database.kysely
    .selectFrom('tidegate.report as earlier')
    .innerJoin('tidegate.dataset', 'tidegate.dataset.id', 'earlier.dataset_id')
    .innerJoin('tidegate.report as this', 'this.model', 'earlier.model')
    .select('earlier.id')
    .where('this.id', '=', id)
    .where('earlier.id', '<', id)
    .where('tidegate.dataset.digest', '=', datasetDigest)
    .executeTakeFirst();
  return row !== undefined;
}
