// The quality part of a report as a JSON schema: for readers that are not Tidegate.
import { z } from 'zod';
import { FINDINGS } from './finding.ts';
import { type QualityPart, QUALITY_VERSION } from './quality-part.ts';
import { CONTRACT_KINDS } from '../features/schema/column-schema.ts';
import { severity, share } from '../features/schema/words.ts';
import { failed } from '../report/words.ts';

const count = z.int().min(0);

const violation = z
  .enum([
    'data_type_check',
    'completeness_check',
    'baseline_drift_check',
    'missing_column_check',
    'extra_column_check',
    'categorical_values_check',
  ])
  .nullable()
  .describe("SageMaker's word for it; null where it has none");

const example = z.strictObject({
  value: z.string().nullable().describe('At most 60 characters; null where it is missing'),
  key: z.string().describe('Entity key: a JSON array of texts, cut at 120 characters'),
  at: z.string().describe('Time of the row, ISO 8601 in UTC'),
});

const contract = z.strictObject({
  kind: z.enum([...CONTRACT_KINDS, 'freshness']),
  column: z.string().nullable().describe('Null for a contract of a table'),
  table: z.string().nullable().describe('Null for a derived column'),
  severity: severity.describe('fail stops the loop where the contract is broken'),
  held: z.boolean(),
  rows: count.describe('Rows looked at; 1 table for freshness'),
  violations: count,
  share: share.describe('Violations among the rows looked at'),
  bound: share.describe('Greatest share that still holds'),
  examples: z.array(example).max(5),
  violation,
  words: z.string(),
});

const finding = z.strictObject({
  name: z.enum(FINDINGS),
  column: z.string().nullable(),
  table: z.string().nullable(),
  severity: z.enum(['info', 'warn']).describe('warn is most likely a fault of the data'),
  evidence: z.record(z.string(), z.union([z.number(), z.string(), z.null()])),
  violation,
  words: z.string(),
  advice: z.string().describe('What to look at'),
});

/** Checks the quality part of a report. */
export const qualityPartSchema = z.strictObject({
  version: z.literal(QUALITY_VERSION),
  contracts: z.array(contract),
  findings: z.array(finding),
  comparedWith: z.int().nullable().describe('Version whose reference the columns were compared with'),
  repeats: z
    .strictObject({ values: count, repeats: count })
    .describe('Rows looked at, and those that repeat the features of another'),
  failed,
}) satisfies z.ZodType<QualityPart>;
