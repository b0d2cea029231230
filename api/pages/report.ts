// The pages of reports, and a report as one file.
import { z } from 'zod';
import { COLUMNS_PAGE, reportPage, reportsPage } from '../../console/pages/report-page.ts';
import { reportInMarkdown } from '../../console/report/report-in-markdown.ts';
import { ORDERS, type ReportView } from '../../console/report/report-view.ts';
import { reportFile } from '../../console/report/standalone.ts';
import { styleSheet } from '../../console/style-sheet.ts';
import { TidegateError } from '../../domain/errors.ts';
import { getDefinition } from '../../store/definitions/definitions.ts';
import { type Database } from '../../store/postgres/database.ts';
import { listFiguresBefore, neighboursOf } from '../../store/registry/report-figures.ts';
import { getReport } from '../../store/registry/reports.ts';
import { reportRecord } from '../../store/report-record.ts';
import { type ApiDeps, type App } from '../context/types.ts';
import { modelParams, wholeNumber } from '../schemas/common.ts';
import { sendPage } from './reply.ts';
import { attach } from './version.ts';

const PAGE = 50;

const params = modelParams.extend({ id: wholeNumber(Number.MAX_SAFE_INTEGER) });

const shown = z.object({
  order: z.enum(ORDERS).default('drift'),
  show: z.enum(['all', 'drifted']).default('all'),
  page: z.coerce.number().int().min(1).max(COLUMNS_PAGE).default(1),
});

/** Pages below `/ui/models/:model/reports`. */
export function reportPages(app: App, deps: ApiDeps): void {
  const { database } = deps;
  const path = '/ui/models/:model/reports/:id';

  app.get(
    '/ui/models/:model/reports',
    {
      schema: {
        hide: true,
        params: modelParams,
        querystring: z.object({ before: z.iso.datetime().optional() }),
      },
    },
    async (request, reply) => {
      const { model } = request.params;
      await getDefinition(database, model);
      const { before } = request.query;
      const found = await listFiguresBefore(database, model, before ? new Date(before) : null, PAGE + 1);
      const reports = found.slice(0, PAGE);
      const last = reports.at(-1);
      const next =
        found.length > PAGE && last
          ? `/ui/models/${encodeURIComponent(model)}/reports?before=${last.asOf.toISOString()}`
          : null;
      return sendPage(deps, request, reply, ({ now }) => reportsPage(model, reports, next, now));
    },
  );

  app.get(path, { schema: { hide: true, params, querystring: shown } }, async (request, reply) => {
    const { order, show, page } = request.query;
    const view = await viewOf(database, request.params);
    const neighbours = await neighboursOf(database, view);
    return sendPage(deps, request, reply, () =>
      reportPage(view, { order, onlyDrifted: show === 'drifted', page }, neighbours),
    );
  });

  app.get(`${path}/file.html`, { schema: { hide: true, params } }, async (request, reply) => {
    const view = await viewOf(database, request.params);
    return attach(reply, `${nameOf(view)}.html`, 'text/html; charset=utf-8', reportFile(view, styleSheet()));
  });

  app.get(`${path}/file.md`, { schema: { hide: true, params } }, async (request, reply) => {
    const view = await viewOf(database, request.params);
    return attach(reply, `${nameOf(view)}.md`, 'text/markdown; charset=utf-8', reportInMarkdown(view));
  });
}

const nameOf = ({ model, asOf }: ReportView): string => `${model}-${asOf.toISOString().slice(0, 10)}`;

const viewOf = (database: Database, { model, id }: z.output<typeof params>): Promise<ReportView> =>
  reportViewOf(database, model, id);

/** Reads a report of a model. @throws TidegateError UNKNOWN_REPORT */
export async function reportViewOf(database: Database, model: string, id: number): Promise<ReportView> {
  const report = await getReport(database, id);
  if (report.model !== model) throw new TidegateError('UNKNOWN_REPORT', `${model} has no report ${id}`);
  return { ...report, ...(await reportRecord(database, report)) };
}
