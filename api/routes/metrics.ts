// Metrics for Prometheus: the newest report of each model, and requests and the prediction log of this process.
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { Counter, Gauge, Registry } from 'prom-client';
import { z } from 'zod';
import { isTemporary } from '../../store/postgres/postgres-failure.ts';
import { newestReports, type Report } from '../../store/registry/reports.ts';
import { type ApiDeps, type App } from '../context/types.ts';
import { errorResponses } from '../schemas/common.ts';
import { servingMetrics } from './serving-metrics.ts';
import { type PredictionLogState } from '../serving/prediction-log.ts';
import { type ColumnVerdict } from '../../domain/drift/verdict.ts';
import { type PerformancePart } from '../../domain/decisions/report.ts';

/** `GET /metrics`. */
export function metricsRoute(app: App, { database, serving, logger }: ApiDeps): void {
  app.get(
    '/metrics',
    {
      schema: {
        tags: ['process'],
        summary: 'Metrics for Prometheus: the newest report of each model, requests, and the prediction log',
        description: 'While the database is unreachable, only the metrics of this process.',
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
      const text = [
        await reportGauges(reports, now),
        await logMetrics(serving.predictions.state, now),
        servingMetrics(serving.models.list(), serving.requests.totals),
      ].join('\n');
      void reply.type(METRICS_TYPE).header('vary', 'accept-encoding');
      // Prometheus asks for gzip, which works well here because names and labels repeat.
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
    help: 'Predictions that this process has answered but not logged yet',
    registers,
  }).set(waiting);
  new Gauge({
    name: 'tidegate_predictions_behind_seconds',
    help: 'For how long predictions have been waiting to be logged; 0 while the log is up to date',
    registers,
  }).set(behindSince ? (now.getTime() - behindSince.getTime()) / 1_000 : 0);
  const counter = new Counter({
    name: 'tidegate_predictions_dropped_total',
    help: 'Predictions that were never logged, because the buffer was full, the row was refused or the process stopped',
    labelNames: ['reason'],
    registers,
  });
  for (const [reason, count] of Object.entries(dropped)) counter.inc({ reason }, count);
  return registry.metrics();
}

/** Maximum number of columns of a model with gauges; drifted columns come first, then those with the largest weight. */
const MAX_COLUMNS = 100;

/** Maximum number of columns of all models together, divided equally among the models. */
const MAX_COLUMNS_IN_ALL = 300;

/** Minimum number of columns of each model, even if the total then exceeds its maximum. */
const MIN_COLUMNS = 3;

/**
 * Returns how many columns of each model get gauges, so that a scrape stays small with any number of models.
 *
 * @example columnsShown(60) // 5
 */
export const columnsShown = (models: number): number =>
  Math.max(MIN_COLUMNS, Math.min(MAX_COLUMNS, Math.floor(MAX_COLUMNS_IN_ALL / Math.max(1, models))));

/** Significant digits of the values of columns; more would only make the scrape larger. */
const DIGITS = 6;

const METRICS = {
  report_age_seconds: ['Seconds since the newest report was opened', []],
  report_as_of_timestamp_seconds: ['The as-of instant of the newest report', []],
  window_drifted: ['1 if the window drifted, otherwise 0', []],
  window_drifted_share: ['Weighted share of the columns that drifted', []],
  window_rows: ['Rows of the window', []],
  columns_left_out: ['Number of columns that have no gauges, because the model has too many', []],
  column_drifted: ['1 if a column drifted, otherwise 0; absent if it cannot be measured', ['column']],
  column_effect: [
    'Effect size of the change of a column; the measure depends on the type of the column',
    ['column'],
  ],
  column_adjusted_p: ['Adjusted p-value of the change of a column', ['column']],
  column_psi: ['Population stability index of a column', ['column']],
  column_missing_share: ['Share of missing values of a column in the window', ['column']],
  auc: ['Area under the ROC curve of the champion', ['source', 'bound']],
} as const satisfies Record<string, readonly [help: string, labels: readonly string[]]>;

type MetricName = keyof typeof METRICS;

/**
 * Returns the newest report of each model as metrics text: gauges named `tidegate_…` with the label `model`. Values that
 * were not measured are absent. The gauges are rebuilt for each scrape, so no value outlives its report.
 *
 * @param now the instant at which the age of reports is computed
 * @example await reportGauges([report], new Date())
 */
export async function reportGauges(reports: readonly Report[], now: Date): Promise<string> {
  const registry = new Registry();
  const gauges = Object.fromEntries(
    Object.entries(METRICS).map(([name, [help, labels]]) => [
      name,
      new Gauge({ name: `tidegate_${name}`, help, labelNames: ['model', ...labels], registers: [registry] }),
    ]),
  ) as Record<MetricName, Gauge>;
  const columns = columnsShown(reports.length);
  for (const report of reports) fill(gauges, report, columns, now);
  return registry.metrics();
}

/** Content type of the metrics. */
const METRICS_TYPE = Registry.PROMETHEUS_CONTENT_TYPE;

function fill(gauges: Record<MetricName, Gauge>, report: Report, maxColumns: number, now: Date): void {
  const { model, asOf, createdAt, drift, performance } = report;
  const set = (name: MetricName, value: number | null | undefined, labels = {}): void => {
    if (value !== null && value !== undefined) gauges[name].set({ model, ...labels }, value);
  };
  set('report_age_seconds', (now.getTime() - createdAt.getTime()) / 1_000);
  set('report_as_of_timestamp_seconds', asOf.getTime() / 1_000);
  if (drift?.measured) {
    const { verdict } = drift;
    set('window_drifted', Number(verdict.drifted));
    set('window_drifted_share', verdict.share);
    set('window_rows', verdict.windowRows);
    const shown = ranked(verdict.columns).slice(0, maxColumns);
    set('columns_left_out', verdict.columns.length - shown.length);
    for (const { column, status, signals, psi, missing } of shown) {
      const labels = { column };
      const deciding = signals.find((signal) => signal.status === 'drifted') ?? signals[0];
      if (status !== 'not measurable') set('column_drifted', Number(status === 'drifted'), labels);
      set('column_effect', rounded(deciding?.effectSize), labels);
      set('column_adjusted_p', rounded(deciding?.adjustedP), labels);
      set('column_psi', rounded(psi?.value), labels);
      set('column_missing_share', rounded(missing.window), labels);
    }
  }
  for (const { source, bound, value } of aucs(performance)) set('auc', value, { source, bound });
}

const rounded = (value: number | null | undefined): number | null =>
  value === null || value === undefined ? null : Number(value.toPrecision(DIGITS));

const ranked = (columns: readonly ColumnVerdict[]): ColumnVerdict[] =>
  columns.toSorted((a, b) => rank(b) - rank(a) || b.weight - a.weight);

const rank = ({ status }: ColumnVerdict): number => Number(status === 'drifted');

function aucs(part: PerformancePart | null) {
  if (!part?.measured) return [];
  const { realised, estimated } = part;
  const sources = {
    realised: realised?.auc,
    estimated: estimated?.measured ? estimated.auc : null,
  };
  return Object.entries(sources).flatMap(([source, auc]) =>
    auc ? (['value', 'low', 'high'] as const).map((bound) => ({ source, bound, value: auc[bound] })) : [],
  );
}
