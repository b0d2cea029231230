// What the monitor measured and decided.
import { z } from 'zod';
import { TidegateError } from '../../domain/errors.ts';
import { getDefinition } from '../../store/definitions/definitions.ts';
import { getReport, listReports, type Report } from '../../store/runs/reports.ts';
import { type ApiDeps, type App } from '../app.ts';
import { errorResponses } from '../schemas/error.ts';
import { instant, modelParams } from '../schemas/model.ts';

const report = z.object({
  id: z.int(),
  asOf: instant.describe('The instant the report speaks about'),
  definitionVersion: z.int(),
  championVersion: z.int().nullable(),
  datasetId: z.int(),
  summary: z.string().nullable(),
  workflowId: z.string(),
  runId: z.string(),
  createdAt: instant,
});

const part = z.unknown().describe('Null until its step has run');

const fullReport = report.extend({ quality: part, drift: part, performance: part, decision: part });

/** `GET /models/:model/reports` and `GET /models/:model/reports/:id`. */
export function reportRoutes(app: App, { database }: ApiDeps): void {
  app.get(
    '/models/:model/reports',
    {
      schema: {
        tags: ['models'],
        summary: 'The newest reports of a model, newest first',
        params: modelParams,
        querystring: z.strictObject({ limit: z.coerce.number().int().min(1).max(100).default(20) }),
        response: { 200: z.object({ reports: z.array(report) }), ...errorResponses },
      },
    },
    async ({ params: { model }, query: { limit } }) => {
      await getDefinition(database, model);
      return { reports: (await listReports(database, model, limit)).map(dated) };
    },
  );

  app.get(
    '/models/:model/reports/:id',
    {
      schema: {
        tags: ['models'],
        summary: 'One report with quality, drift, performance and decision',
        params: modelParams.extend({ id: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER) }),
        response: { 200: fullReport, ...errorResponses },
      },
    },
    async ({ params: { model, id } }) => {
      await getDefinition(database, model);
      const found = await getReport(database, id);
      if (found.model !== model) throw new TidegateError('UNKNOWN_REPORT', `${model} has no report ${id}`);
      return dated(found);
    },
  );
}

const dated = ({ asOf, createdAt, ...rest }: Report) => ({
  ...rest,
  asOf: asOf.toISOString(),
  createdAt: createdAt.toISOString(),
});
