// Reports of monitor runs: what each measured and decided.
import { z } from 'zod';
import { flatMetrics } from '../../domain/decisions/report/flat-metrics.ts';
import { REPORT_VERSION } from '../../domain/decisions/report/report-document.ts';
import { TidegateError } from '../../domain/errors.ts';
import { getDefinition } from '../../store/definitions/definitions.ts';
import { documentOf, getReport, listReports } from '../../store/registry/reports.ts';
import { type ApiDeps, type App } from '../context/types.ts';
import { errorResponses, instant, modelParams, storableText, wholeNumber } from '../schemas/common.ts';

const report = z.object({
  id: z.int(),
  asOf: instant.describe('The instant at which the window of the report ends'),
  definitionVersion: z.int(),
  championVersion: z.int().nullable(),
  datasetId: z.int(),
  summary: z.string().nullable(),
  workflowId: z.string(),
  runId: z.string(),
  createdAt: instant,
});

const id = wholeNumber(Number.MAX_SAFE_INTEGER);

const filter = z.strictObject({
  limit: wholeNumber(100).default(20),
  before: id
    .optional()
    .describe('Only reports with a smaller id; for the next page, the last id of the previous page'),
  from: instantGiven('Only reports with an as-of at this instant or later'),
  to: instantGiven('Only reports with an as-of at this instant or earlier'),
  outcome: storableText(100).min(1).optional().describe('Only reports with this outcome of the decision'),
  drifted: z.stringbool({ truthy: ['true'], falsy: ['false'] }).optional(),
});

const format = z
  .enum(['json', 'mlflow'])
  .default('json')
  .describe('mlflow: all numbers under flat names, as log_metrics accepts them');

const part = z.unknown().describe('Null until the step that computes it has run');

// The published schema describes these fields. If it were repeated here, every answer would be validated against it again.
const fullReport = report
  .extend({
    schemaVersion: z.literal(REPORT_VERSION).describe('GET /schemas/report describes it'),
    model: z.string(),
    quality: part,
    drift: part,
    performance: part,
    decision: part,
  })
  .or(z.record(z.string(), z.number()));

/** `GET /models/:model/reports` and `GET /models/:model/reports/:id`. */
export function reportRoutes(app: App, { database }: ApiDeps): void {
  app.get(
    '/models/:model/reports',
    {
      schema: {
        tags: ['models'],
        summary: 'The reports of a model, newest first',
        params: modelParams,
        querystring: filter,
        response: { 200: z.object({ reports: z.array(report) }), ...errorResponses },
      },
    },
    async ({ params: { model }, query: { from, to, ...rest } }) => {
      await getDefinition(database, model);
      const reports = await listReports(database, model, {
        ...rest,
        from: from === undefined ? undefined : new Date(from),
        to: to === undefined ? undefined : new Date(to),
      });
      return { reports: reports.map(documentOf) };
    },
  );

  app.get(
    '/models/:model/reports/:id',
    {
      schema: {
        tags: ['models'],
        summary: 'One report with quality, drift, performance and decision',
        params: modelParams.extend({ id }),
        querystring: z.strictObject({ format }),
        response: { 200: fullReport, ...errorResponses },
      },
    },
    async ({ params: { model, id }, query: { format } }) => {
      await getDefinition(database, model);
      const found = await getReport(database, id);
      if (found.model !== model) throw new TidegateError('UNKNOWN_REPORT', `${model} has no report ${id}`);
      return format === 'mlflow' ? flatMetrics(found) : documentOf(found);
    },
  );
}

function instantGiven(description: string) {
  return z.iso
    .datetime({ offset: true, error: 'must be an instant such as 2024-02-29T06:00:00Z' })
    .optional()
    .describe(description);
}
