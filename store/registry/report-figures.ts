// The few numbers of each report that lists and pictures show.
import { type Kysely, sql } from 'kysely';
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

/** The effect of a column in one window. */
export interface WindowEffect {
  readonly column: string;
  readonly asOf: Date;
  readonly effect: number | null;
  readonly threshold: number;
}

/**
 * Returns the effects of some columns in a model's windows up to an instant, the oldest first.
 *
 * @param windows how many reports are read at most
 */
export async function listEffects(
  { kysely }: { readonly kysely: Kysely<Tables> },
  {
    model,
    until,
    columns,
    windows,
  }: {
    readonly model: string;
    readonly until: Date;
    readonly columns: readonly string[];
    readonly windows: number;
  },
): Promise<WindowEffect[]> {
  const { rows } = await sql<WindowEffect>`
    select c.value ->> 'column' as column, f.as_of as "asOf",
      (c.value #>> '{signals,0,effectSize}')::float8 as effect, (c.value #>> '{signals,0,threshold}')::float8 as threshold
    from (
      select report_id, as_of from tidegate.report_figures
      where model = ${model} and as_of <= ${until} order by as_of desc, report_id desc limit ${windows}) f
    join tidegate.report r on r.id = f.report_id
    cross join lateral jsonb_array_elements(r.drift #> '{verdict,columns}') c
    where c.value ->> 'column' = any (${columns})
    order by f.as_of, f.report_id`.execute(kysely);
  return rows;
}

/** Returns the figures of a model's reports of earlier windows, the newest first. @param before null starts at the newest */
export const listFiguresBefore = (
  { kysely }: { readonly kysely: Kysely<Tables> },
  model: string,
  before: Date | null,
  limit: number,
): Promise<ReportFigures[]> => {
  let query = kysely.selectFrom('tidegate.report_figures').selectAll().where('model', '=', model);
  if (before !== null) query = query.where('asOf', '<', before);
  return query.orderBy('asOf', 'desc').orderBy('reportId', 'desc').limit(limit).execute();
};

/** Returns the ids of the reports on the windows before and after one; null if there is none. */
export async function neighboursOf(
  { kysely }: { readonly kysely: Kysely<Tables> },
  { model, asOf }: Pick<ReportFigures, 'model' | 'asOf'>,
): Promise<{ readonly older: number | null; readonly newer: number | null }> {
  const ofModel = kysely.selectFrom('tidegate.report_figures').select('reportId').where('model', '=', model);
  const [older, newer] = await Promise.all([
    ofModel.where('asOf', '<', asOf).orderBy('asOf', 'desc').orderBy('reportId', 'desc').executeTakeFirst(),
    ofModel.where('asOf', '>', asOf).orderBy('asOf').orderBy('reportId').executeTakeFirst(),
  ]);
  return { older: older?.reportId ?? null, newer: newer?.reportId ?? null };
}
