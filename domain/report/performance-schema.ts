// The performance part of a report as a JSON schema: for readers that are not Tidegate.
import { z } from 'zod';
import { BINNING } from '../learning/expected-calibration-error.ts';
import { type PerformancePart } from '../lifecycle/report.ts';
import { count, interval, unmeasured } from './words.ts';

const realised = z.looseObject({
  rows: count,
  positives: count,
  negatives: count,
  positiveClusters: count,
  negativeClusters: count,
  clusters: count,
  auc: interval.nullable().describe('Null where the rows hold one class only'),
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
    least: z.number().describe('Below it, or above greatest, is an alarm'),
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
  caveat: z.string().describe('What an estimate cannot see'),
});

const labels = z.looseObject({ rows: count, mature: count, awaited: count, overdue: count });

/** Checks the performance part of a report. */
export const performancePartSchema = z.union([
  z.looseObject({
    measured: z.literal(true),
    championVersion: z.int(),
    realised: realised.nullable().describe('On holdout rows with a mature label'),
    estimated: z.union([estimated, unmeasured]).exactOptional().describe('On holdout rows without one'),
    labels: z.looseObject({ window: labels, holdout: labels }).exactOptional(),
  }),
  unmeasured,
]) satisfies z.ZodType<PerformancePart>;
