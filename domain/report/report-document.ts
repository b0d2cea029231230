// A whole report as one versioned JSON document, with the schema that is published of it.
import { z } from 'zod';
import { qualityPartSchema } from '../quality/quality-part-schema.ts';
import { driftPartSchema } from './drift-schema.ts';
import { performancePartSchema } from './performance-schema.ts';
import { instant } from './words.ts';

/** Raised with a change that a reader of the version before would misread; new fields do not raise it. */
export const REPORT_VERSION = 1;

const scalar = z.union([z.number(), z.string(), z.null()]);

const decision = z.looseObject({
  rulesVersion: z.string(),
  retrain: z.boolean(),
  outcome: z.string().describe('The first reason that held, or why none counted'),
  reason: z.string(),
  rules: z.array(
    z.looseObject({
      name: z.string(),
      held: z.boolean(),
      value: scalar,
      bound: scalar,
      words: z.string(),
    }),
  ),
});

/** Checks a report. Readers must expect further fields. */
export const reportDocumentSchema = z
  .looseObject({
    schemaVersion: z.literal(REPORT_VERSION),
    id: z.int(),
    model: z.string(),
    asOf: instant.describe('The instant the report speaks about: the end of its window'),
    definitionVersion: z.int(),
    championVersion: z.int().nullable().describe('The version in Production then'),
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
  .describe('What one monitor run measured of a window. A part is null until its step has run.');

/** A report as it leaves Tidegate. */
export type ReportDocument = z.output<typeof reportDocumentSchema>;

/** Where the schema is published; its `$id`. */
const SCHEMA_ID = `urn:tidegate:schema:report-${REPORT_VERSION}`;

/** The published JSON Schema, draft 2020-12; docs/schema/report-1.json holds the same. */
export const reportJsonSchema = (): Record<string, unknown> => ({
  ...z.toJSONSchema(reportDocumentSchema, { target: 'draft-2020-12', io: 'input' }),
  $id: SCHEMA_ID,
  title: `Tidegate report, version ${REPORT_VERSION}`,
});
