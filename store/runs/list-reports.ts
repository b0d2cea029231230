// Which reports there are: those of a model that fit a filter, and the newest of each model.
import { sql } from 'kysely';
import { type Database } from '../database.ts';
import { fromStored, type Report, REPORT_COLUMNS } from './reports.ts';

/** Which reports of a model to list; what is left out filters nothing. */
export interface ReportFilter {
  /** @default 20 */
  readonly limit?: number;
  /** Only reports with a smaller id: the last of the page before. */
  readonly before?: number | undefined;
  /** Bounds of the as-of instant, both included. */
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
  /** What was decided. */
  readonly outcome?: string | undefined;
  /** Whether the window drifted; one that was not measured is neither. */
  readonly drifted?: boolean | undefined;
}

/** The reports of a model that fit a filter, newest first. @example listReports(database, 'churn', { limit: 1 }) */
export async function listReports(
  database: Database,
  model: string,
  { limit = 20, before, from, to, outcome, drifted }: ReportFilter = {},
): Promise<Report[]> {
  let query = database.kysely.selectFrom('tidegate.report').select(REPORT_COLUMNS).where('model', '=', model);
  if (before !== undefined) query = query.where('id', '<', before);
  if (from !== undefined) query = query.where('as_of', '>=', from);
  if (to !== undefined) query = query.where('as_of', '<=', to);
  if (outcome !== undefined) query = query.where(sql<string>`decision ->> 'outcome'`, '=', outcome);
  if (drifted !== undefined) {
    query = query.where(sql<boolean>`(drift #>> '{verdict,drifted}')::boolean`, '=', drifted);
  }
  const rows = await query.orderBy('id', 'desc').limit(limit).execute();
  return rows.map(fromStored);
}

/** Of each model the newest report whose drift was looked at, in the order of their names. */
export async function newestReports(database: Database): Promise<Report[]> {
  const rows = await database.kysely
    .selectFrom('tidegate.report')
    .distinctOn('model')
    .select(REPORT_COLUMNS)
    .where('drift', 'is not', null)
    .orderBy('model')
    .orderBy('id', 'desc')
    .execute();
  return rows.map(fromStored);
}
