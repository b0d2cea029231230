// The newest report of each model as gauges, for Prometheus.
import { z } from 'zod';
import { newestReports } from '../../store/runs/list-reports.ts';
import { type ApiDeps, type App } from '../app.ts';
import { METRICS_TYPE, reportGauges } from '../metrics/report-gauges.ts';
import { errorResponses } from '../schemas/error.ts';

/** `GET /metrics`. */
export function metricsRoute(app: App, { database }: ApiDeps): void {
  app.get(
    '/metrics',
    {
      schema: {
        tags: ['process'],
        summary: 'The newest report of each model as Prometheus gauges',
        produces: [METRICS_TYPE],
        response: { 200: z.string(), ...errorResponses },
      },
    },
    async (_request, reply) => {
      const text = await reportGauges(await newestReports(database), new Date());
      return reply.type(METRICS_TYPE).serializer(String).send(text);
    },
  );
}
