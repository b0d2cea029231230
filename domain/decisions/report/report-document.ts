// A whole report as one versioned JSON document, with its published schema.
import { z } from 'zod';
import { qualityPartSchema } from '../../quality/quality-part.ts';
import { count, failed, instant, interval, share, unmeasured } from '../../data/report-fields.ts';
import { BINNING } from '../../learning/metrics/brier.ts';
import { type DriftPart, type PerformancePart } from '../report.ts';
import { STATISTIC_NAMES } from '../../drift/statistics/statistic.ts';

const statistic = z.enum(STATISTIC_NAMES);

const status = z
  .enum(['drifted', 'stable', 'not measurable'])
  .describe('not measurable always has a reason, and never means stable');

const signal = z.looseObject({
  subject: z.string().describe('The column, or another subject such as the label'),
  kind: z.enum(['distribution', 'missing', 'new category', 'label', 'prediction', 'multivariate']),
  statistic: statistic.describe('The statistic of value and pValue'),
  value: z.number().nullable(),
  valueAtMost: z.number().nullable().describe('Upper bound of value; equal to value if that is exact'),
  pValue: share.nullable(),
  pValueAtLeast: share.nullable().describe('The p-value of valueAtMost'),
  adjustedP: share.nullable().describe('Benjamini-Hochberg over all p-values of the report'),
  effect: statistic.describe('The statistic of effectSize'),
  effectSize: z.number().nullable(),
  threshold: z.number().describe('Smallest effect that is material'),
  noiseFloor: z.number().nullable().describe('About the 95 % quantile of the effect if nothing changed'),
  direction: z.enum(['up', 'down', 'none']).describe('Direction of the window relative to the reference'),
  referenceSize: count.describe('Number of values compared on this side'),
  windowSize: count,
  status,
  reason: z.string().nullable().describe('Why it is not measurable'),
});

const bothSides = z.looseObject({ reference: z.number().nullable(), window: z.number().nullable() });

const histogram = z
  .looseObject({
    cells: z.array(z.union([z.number(), z.string()])).describe('Lower edges of the cells, or categories'),
    reference: z.array(share),
    window: z.array(share),
  })
  .describe('Shares of reference and window in the same cells');

const column = z.looseObject({
  column: z.string(),
  type: z.enum(['numeric', 'category']),
  status,
  reason: z.string().nullable(),
  critical: z.boolean(),
  weight: z.number().min(0),
  signals: z.array(signal).min(1).describe('The distribution first'),
  psi: z
    .looseObject({
      value: z.number(),
      band: z.enum(['stable', 'watch', 'act']),
      noiseFloor: z
        .number()
        .describe('The 95 % quantile if nothing changed; a PSI below it is not evidence of drift'),
      bins: count,
    })
    .nullable(),
  missing: bothSides.describe('Shares of missing values'),
  mean: bothSides
    .extend({ note: z.string().nullable().describe('Why a side has no mean, or which values are left out') })
    .nullable()
    .describe('Means of a numeric column; not known in reports of earlier versions'),
  sd: bothSides.nullable().exactOptional().describe('Standard deviations (ddof 0) of a numeric column'),
  clippedMean: bothSides
    .nullable()
    .exactOptional()
    .describe('Means of a numeric column clipped to the range of the reference, as in its distance'),
  constant: z.enum(['none', 'reference', 'window', 'both']).describe('Which side contains only one value'),
  histogram: histogram.nullable().exactOptional(),
  words: z.string(),
});

const multivariate = z
  .looseObject({
    auc: interval.nullable().describe('AUC of a classifier that separates the window from the reference'),
    reason: z.string().nullable().describe('Why there is no AUC'),
    failed,
    columns: z
      .array(z.looseObject({ column: z.string(), loss: z.number() }))
      .describe('The columns that separate them, the most important first'),
    leftOut: z.array(z.string()),
    referenceRows: count,
    windowRows: count,
    terms: count,
    compared: count.optional().describe('Number of columns that were compared'),
  })
  .nullable()
  .default(null)
  .describe('Whether all columns together changed; null if the definition turns this off');

const verdict = z.looseObject({
  preset: z
    .enum(['evidently'])
    .nullable()
    .default(null)
    .describe('The preset whose tests and rules were applied'),
  status,
  drifted: z.boolean(),
  share: share.describe('Weighted share of the columns that drifted'),
  threshold: share.describe('The share from which the window counts as drifted'),
  alpha: z.number(),
  referenceRows: count,
  windowRows: count,
  driftedColumns: z.array(z.string()),
  criticalColumns: z.array(z.string()).describe('Critical columns that drifted'),
  notMeasurable: z.array(z.string()),
  columns: z.array(column),
  others: z.array(signal).describe('Labels and predictions, in the same family of p-values'),
  multivariate,
  reason: z.string(),
});

/** Checks the drift part of a report. */
export const driftPartSchema = z.union([
  z.looseObject({ measured: z.literal(true), championVersion: z.int(), verdict }),
  unmeasured,
]) satisfies z.ZodType<DriftPart>;

const realised = z.looseObject({
  rows: count,
  positives: count,
  negatives: count,
  positiveClusters: count,
  negativeClusters: count,
  clusters: count,
  auc: interval.nullable().describe('Null if the rows contain only one class'),
  brier: z.number(),
  logLoss: z.number().describe('Nats per row'),
  ece: z.number(),
  eceBinning: z.literal(BINNING),
});

const estimatedMetric = z
  .looseObject({
    value: z.number(),
    low: z.number(),
    high: z.number(),
    least: z.number().describe('A value below least or above greatest is an alarm'),
    greatest: z.number(),
    alarm: z.boolean(),
  })
  .nullable();

const estimated = z.looseObject({
  measured: z.literal(true),
  rows: count,
  minimumRows: count,
  referenceRows: count,
  referenceSource: z.enum(['holdout', 'out of fold']),
  calibration: z.enum(['none', 'isotonic']),
  auc: estimatedMetric,
  accuracy: estimatedMetric,
  f1: estimatedMetric,
  caveat: z.string().describe('What an estimate cannot detect'),
});

const labels = z.looseObject({ rows: count, mature: count, awaited: count, overdue: count });

/** Checks the performance part of a report. */
const performancePartSchema = z.union([
  z.looseObject({
    measured: z.literal(true),
    championVersion: z.int(),
    realised: realised.nullable().describe('On holdout rows with a mature label'),
    estimated: z
      .union([estimated, unmeasured])
      .exactOptional()
      .describe('On holdout rows without a mature label'),
    labels: z.looseObject({ window: labels, holdout: labels }).exactOptional(),
  }),
  unmeasured,
]) satisfies z.ZodType<PerformancePart>;

/** Raised by any change that a reader of the previous version would misread; new fields do not raise it. */
export const REPORT_VERSION = 1;

const scalar = z.union([z.number(), z.string(), z.null()]);

const decision = z.looseObject({
  rulesVersion: z.string(),
  retrain: z.boolean(),
  outcome: z.string().describe('The first reason that applied, or why there was none'),
  reason: z.string(),
  rules: z.array(
    z.looseObject({
      name: z.string(),
      held: z
        .boolean()
        .describe(
          'Whether the requirement is met, the reason applies or the obstacle blocks, by the kind of rule',
        ),
      value: scalar,
      bound: scalar,
      words: z.string(),
    }),
  ),
});

/** Checks a report. Readers must expect additional fields. */
export const reportDocumentSchema = z
  .looseObject({
    schemaVersion: z.literal(REPORT_VERSION),
    id: z.int(),
    model: z.string(),
    asOf: instant.describe('The end of the window that the report describes'),
    definitionVersion: z.int(),
    championVersion: z.int().nullable().describe('The version in Production at that time'),
    datasetId: z.int(),
    quality: qualityPartSchema.nullable(),
    drift: driftPartSchema.nullable(),
    performance: performancePartSchema.nullable(),
    decision: decision.nullable(),
    summary: z.string().nullable().describe('One line; null until the report is closed'),
    workflowId: z.string(),
    runId: z.string(),
    createdAt: instant,
  })
  .describe('The measurements of one monitor run on a window. A part is null until its step has run.');

/** A report as published: by the API, `--json` and exports. */
export type ReportDocument = z.output<typeof reportDocumentSchema>;

/** The `$id` of the published schema. */
const SCHEMA_ID = `urn:tidegate:schema:report-${REPORT_VERSION}`;

/** Returns the published JSON Schema, draft 2020-12; docs/schema/report-1.json is a copy. */
export const reportJsonSchema = (): Record<string, unknown> => ({
  ...z.toJSONSchema(reportDocumentSchema, { target: 'draft-2020-12', io: 'input' }),
  $id: SCHEMA_ID,
  title: `Tidegate report, version ${REPORT_VERSION}`,
});
