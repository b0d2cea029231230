// Reports: what one monitor run measured and decided.
import { sql } from 'kysely';
import { readDriftPart } from '../../domain/decisions/read-drift-part.ts';
import { type RetrainDecision } from '../../domain/decisions/decide-retrain.ts';
import { type QualityPart, readQualityPart } from '../../domain/quality/quality-part.ts';
import { TidegateError } from '../../domain/errors.ts';
import { type Database } from '../postgres/database.ts';
import { picked, type Row } from '../postgres/tables.ts';
import { getDataset } from './dataset.ts';
import { openWithGrant } from './grants.ts';
import { REPORT_VERSION } from '../../domain/decisions/report/report-document.ts';

/** Columns that are selected for a {@link Report}. */
const COLUMNS = [
  'id',
  'model',
  'definitionVersion',
  'championVersion',
  'datasetId',
  'asOf',
  'quality',
  'drift',
  'performance',
  'decision',
  'summary',
  'requestedBy',
  'claimedBy',
  'workflowId',
  'runId',
  'createdAt',
] as const;

type StoredReport = Pick<Row<'tidegate.report'>, (typeof COLUMNS)[number]>;

/** A report. `quality`, `drift`, `performance` and `decision` are null until the step that fills them in has run. */
export interface Report extends Omit<StoredReport, 'quality'> {
  readonly quality: QualityPart | null;
}

const OPENED = [
  // Names the run, so that a repeated step finds its report.
  'request',
  'model',
  'definitionVersion',
  'championVersion',
  'datasetId',
  'asOf',
  'workflowId',
  'runId',
] as const;

/** Input of {@link openReport}. */
export interface NewReport extends Pick<Row<'tidegate.report'>, (typeof OPENED)[number]> {
  /** The grant of the person who started the run; the first call uses it. */
  readonly grantId?: string | undefined;
  /** Whether the model's schedule started the run. @default false */
  readonly isScheduled?: boolean;
  /** The name that the run was started with, which is recorded as a claim unless a grant says who started it. */
  readonly claimedBy?: string | null | undefined;
}

/** Converts a row to a report, including rows stored in an earlier format. */
const fromStored = (row: StoredReport): Report => ({
  ...row,
  quality: readQualityPart(row.quality),
  drift: readDriftPart(row.drift),
});

/**
 * Opens a report, or returns the one that the same request opened before. The database sets the requester: the person of the
 * grant, the requester of the run that found the labels of this window, `schedule` or `unverified`.
 *
 * @throws TidegateError UNKNOWN_GRANT, GRANT_MISMATCH, GRANT_USED, GRANT_EXPIRED
 */
export async function openReport(database: Database, input: NewReport): Promise<Report> {
  const { request, model, grantId, isScheduled = false, claimedBy = null } = input;
  await openWithGrant(database, grantId, { action: 'monitor', model, by: `report ${request}` }, (kysely) =>
    kysely
      .insertInto('tidegate.report')
      .values({
        ...picked(input, OPENED),
        requestedBy: isScheduled ? 'schedule' : 'unverified',
        claimedBy,
        ...(grantId !== undefined && { grantId }),
      })
      .onConflict((conflict) => conflict.column('request').doNothing())
      .execute(),
  );
  const row = await database.kysely
    .selectFrom('tidegate.report')
    .select(COLUMNS)
    .where('request', '=', input.request)
    .executeTakeFirstOrThrow();
  return fromStored(row);
}

/** Writes what one step measured into a report. The database refuses this once the report has a decision. */
export async function writeReportPart(
  database: Database,
  id: number,
  part: 'quality' | 'drift' | 'performance',
  body: unknown,
): Promise<void> {
  await database.kysely
    .updateTable('tidegate.report')
    .set({ [part]: JSON.stringify(body) })
    .where('id', '=', id)
    .execute();
}

/** Completes a report with the decision and its one-line summary; a repeated call returns what the first call wrote. */
export async function decideReport(
  database: Database,
  id: number,
  { decision, summary }: { readonly decision: object; readonly summary: string },
): Promise<{ decision: RetrainDecision; summary: string }> {
  const { rows } = await sql<{ decision: RetrainDecision; summary: string }>`
    update tidegate.report
    set decision = coalesce(decision, ${JSON.stringify(decision)}::jsonb), summary = coalesce(summary, ${summary})
    where id = ${id}
    returning decision, summary`.execute(database.kysely);
  if (!rows[0]) throw unknownReport(id);
  return rows[0];
}

/** Returns a report by its id. @throws TidegateError UNKNOWN_REPORT */
export async function getReport(database: Database, id: number): Promise<Report> {
  const row = await database.kysely
    .selectFrom('tidegate.report')
    .select(COLUMNS)
    .where('id', '=', id)
    .executeTakeFirst();
  if (!row) throw unknownReport(id);
  return fromStored(row);
}

const unknownReport = (id: number): TidegateError =>
  new TidegateError('UNKNOWN_REPORT', `there is no report ${id}`);

/** The model, versions and dataset that a report is about. */
export type ReportSubject = Pick<
  Report,
  'id' | 'model' | 'definitionVersion' | 'championVersion' | 'datasetId'
>;

/** Reads what a report is about, without its parts, which may be large. @throws TidegateError UNKNOWN_REPORT */
export async function getReportSubject(database: Database, id: number): Promise<ReportSubject> {
  const row = await database.kysely
    .selectFrom('tidegate.report')
    .select(['id', 'model', 'definitionVersion', 'championVersion', 'datasetId'])
    .where('id', '=', id)
    .executeTakeFirst();
  if (!row) throw unknownReport(id);
  return row;
}

/** Returns the newest of the model's reports whose as-of instant is earlier than `asOf`, if there is one. */
export async function reportBefore(
  database: Database,
  { model, asOf }: Pick<Report, 'model' | 'asOf'>,
): Promise<Report | undefined> {
  const row = await database.kysely
    .selectFrom('tidegate.report')
    .select(COLUMNS)
    .where('model', '=', model)
    .where('asOf', '<', asOf)
    .orderBy('asOf', 'desc')
    .orderBy('id', 'desc')
    .executeTakeFirst();
  return row && fromStored(row);
}

/** Maximum number of reports that {@link waitingReports} returns. */
const MAX_WAITING = 12;

/**
 * Returns the earlier reports on the same champion whose outcome was "waiting for labels": the newest report of each
 * instant, newest instant first. Leaves out reports from before the last one that requested a retrain.
 */
export async function waitingReports(database: Database, { model, asOf, championVersion }: Report) {
  const { rows } = await sql<{ id: number; asOf: Date; datasetId: number }>`
    select id, as_of as "asOf", dataset_id as "datasetId"
    from (
      select distinct on (as_of) id, as_of, dataset_id, champion_version, decision
      from tidegate.report
      where model = ${model} and as_of < ${asOf} and id > coalesce((
        select max(id) from tidegate.report where model = ${model} and decision -> 'retrain' = 'true'), 0)
      order by as_of, id desc
    ) as newest
    where decision ->> 'outcome' = 'waiting for labels' and champion_version is not distinct from ${championVersion}
    order by as_of desc
    limit ${MAX_WAITING}`.execute(database.kysely);
  return rows;
}

/** Whether an earlier report was about a dataset with the same digest. */
export async function isReportedBefore(
  database: Database,
  id: number,
  datasetDigest: string,
): Promise<boolean> {
  const row = await database.kysely
    .selectFrom('tidegate.report as earlier')
    .innerJoin('tidegate.dataset', 'tidegate.dataset.id', 'earlier.datasetId')
    .innerJoin('tidegate.report as this', 'this.model', 'earlier.model')
    .select('earlier.id')
    .where('this.id', '=', id)
    .where('earlier.id', '<', id)
    .where('tidegate.dataset.digest', '=', datasetDigest)
    .executeTakeFirst();
  return row !== undefined;
}

/**
 * Maximum number of earlier reports in which the start of a change is searched. If the change is older, the window of
 * the oldest of them is returned.
 */
const MAX_REPORTS = 24;

/** Outcomes of reports that found no reason to retrain. */
const WITHOUT_REASON: readonly string[] = [
  'none',
  'nothing new',
  'contract broken',
  'judgement failed',
  'bootstrap',
];

/**
 * Returns when the current change was first seen: the start of the window of the first report in an unbroken series,
 * up to the given report, of reports on the same champion that had a reason to retrain. So time that the retrain
 * spent waiting for labels or for the cooldown is included. Null if the report has no champion.
 */
export async function changeSeenFirst(database: Database, report: Report): Promise<Date | null> {
  const { model, championVersion, asOf } = report;
  if (championVersion === null) return null;
  // If an instant has several reports, only the newest is used, because more labels were known when it was made.
  const earlier = await database.kysely
    .selectFrom('tidegate.report')
    .distinctOn('asOf')
    .select(['asOf', 'id', 'datasetId', 'championVersion', 'decision'])
    .where('model', '=', model)
    .where('asOf', '<', asOf)
    .orderBy('asOf', 'desc')
    .orderBy('id', 'desc')
    .limit(MAX_REPORTS)
    .execute();
  let first = report.datasetId;
  for (const { datasetId, championVersion: championThen, decision } of earlier) {
    const hadReason = decision !== null && !WITHOUT_REASON.includes(decision.outcome);
    if (championThen !== championVersion || !hadReason) break;
    first = datasetId;
  }
  return (await getDataset(database, first)).window.from;
}

/** Which reports of a model to list; fields that are left out do not filter. */
interface ReportFilter {
  /** @default 20 */
  readonly limit?: number;
  /** Only reports with a smaller id; for the next page, pass the last id of the previous page. */
  readonly before?: number | undefined;
  /** Bounds of the as-of instant, both inclusive. */
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
  /** Only reports with this outcome of the decision. */
  readonly outcome?: string | undefined;
  /**
   * True: only windows that drifted. False: only windows that did not. Both leave out windows whose drift was not
   * measured.
   */
  readonly drifted?: boolean | undefined;
}

/** Returns the reports of a model that match a filter, newest first. @example listReports(database, 'churn', { limit: 1 }) */
export async function listReports(
  database: Database,
  model: string,
  { limit = 20, before, from, to, outcome, drifted }: ReportFilter = {},
): Promise<Report[]> {
  let query = database.kysely.selectFrom('tidegate.report').select(COLUMNS).where('model', '=', model);
  if (before !== undefined) query = query.where('id', '<', before);
  if (from !== undefined) query = query.where('asOf', '>=', from);
  if (to !== undefined) query = query.where('asOf', '<=', to);
  if (outcome !== undefined) query = query.where(sql<string>`decision ->> 'outcome'`, '=', outcome);
  if (drifted !== undefined) {
    query = query.where(sql<boolean>`(drift #>> '{verdict,drifted}')::boolean`, '=', drifted);
  }
  const rows = await query.orderBy('id', 'desc').limit(limit).execute();
  return rows.map(fromStored);
}

/** Returns, for each model, the newest report with a drift part, ordered by model. */
export async function newestReports(database: Database): Promise<Report[]> {
  const rows = await database.kysely
    .selectFrom('tidegate.report')
    .distinctOn('model')
    .select(COLUMNS)
    .where('drift', 'is not', null)
    .orderBy('model')
    .orderBy('id', 'desc')
    .execute();
  return rows.map(fromStored);
}

/** Converts a report to its published document; instants are ISO 8601 in UTC. @example documentOf(await getReport(database, 7)) */
export const documentOf = ({ asOf, createdAt, ...rest }: Report) => ({
  schemaVersion: REPORT_VERSION as typeof REPORT_VERSION,
  ...rest,
  asOf: asOf.toISOString(),
  createdAt: createdAt.toISOString(),
});
