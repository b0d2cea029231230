// What Prometheus scrapes: the newest report of each model, and how this process stands.
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { Counter, Gauge, Registry } from 'prom-client';
import { z } from 'zod';
import { isTemporary } from '../../store/postgres/postgres-failure.ts';
import { newestReports } from '../../store/registry/reports.ts';
import { type ApiDeps, type App } from '../app.ts';
import { METRICS_TYPE, reportGauges } from '../metrics/report-gauges.ts';
import { errorResponses } from '../schemas/error.ts';
import { type PredictionLogState } from '../serving/prediction-log.ts';

/** `GET /metrics`. */
export function metricsRoute(app: App, { database, serving, logger }: ApiDeps): void {
  app.get(
    '/metrics',
    {
      schema: {
        tags: ['process'],
        summary: 'The newest report of each model, and the log of predictions, for Prometheus',
        description: 'While the database is away, the metrics of this process alone.',
        produces: [METRICS_TYPE],
        response: { 200: z.string(), ...errorResponses },
      },
    },
    async (request, reply) => {
      const now = new Date();
      const reports = await newestReports(database).catch((error: unknown) => {
        if (!isTemporary(error)) throw error;
        logger.debug({ err: error }, 'metrics without reports');
        return [];
      });
      const text = [await reportGauges(reports, now), await logMetrics(serving.predictions.state, now)].join(
        '\n',
      );
      void reply.type(METRICS_TYPE).header('vary', 'accept-encoding');
      // As Prometheus asks for it: names and labels repeat, so that little is left of them.
      const isPacked = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
      if (!isPacked) return reply.serializer(String).send(text);
      const packed = (await promisify(gzip)(text)) as unknown as string;
      return reply
        .header('content-encoding', 'gzip')
        .serializer((body: string) => body)
        .send(packed);
    },
  );
}

function logMetrics({ waiting, behindSince, dropped }: PredictionLogState, now: Date): Promise<string> {
  const registry = new Registry();
  const registers = [registry];
  new Gauge({
    name: 'tidegate_predictions_waiting',
    help: 'Predictions that this process has answered and not logged yet',
    registers,
  }).set(waiting);
  new Gauge({
    name: 'tidegate_predictions_behind_seconds',
    help: 'For how long predictions have been waiting to be logged; 0 while the log is up to date',
    registers,
  }).set(behindSince ? (now.getTime() - behindSince.getTime()) / 1_000 : 0);
  const counter = new Counter({
    name: 'tidegate_predictions_dropped_total',
    help: 'Predictions that were never logged: the memory for them was full, the row was refused, the process stopped',
    labelNames: ['reason'],
    registers,
  });
  for (const [reason, count] of Object.entries(dropped)) counter.inc({ reason }, count);
  return registry.metrics();
}
