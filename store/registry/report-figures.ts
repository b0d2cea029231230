// The few numbers of each report that lists and pictures show.
import { type Kysely } from 'kysely';
import { type Row, type Tables } from '../postgres/tables.ts';

/** Numbers of one report. */
export type ReportFigures = Row<'tidegate.report_figures'>;

/**
 * Returns the figures of a model's newest reports, the oldest first: one report for each instant, the last that was made.
 *
 * @param limit at most so many reports are read; those of the same instant count once
 */
export async function listReportFigures(
  { kysely }: { readonly kysely: Kysely<Tables> },
  model: string,
  limit: number,
): Promise<ReportFigures[]> {
  const rows = await kysely
    .selectFrom('tidegate.report_figures')
    .selectAll()
    .where('model', '=', model)
    .orderBy('asOf', 'desc')
    .orderBy('reportId', 'desc')
    .limit(limit)
    .execute();
  return rows.filter(({ asOf }, at) => rows[at - 1]?.asOf.getTime() !== asOf.getTime()).reverse();
}

/** Returns the figures of one report. */
export const findReportFigures = (
  { kysely }: { readonly kysely: Kysely<Tables> },
  reportId: number,
): Promise<ReportFigures | undefined> =>
  kysely
    .selectFrom('tidegate.report_figures')
    .selectAll()
    .where('reportId', '=', reportId)
    .executeTakeFirst();
