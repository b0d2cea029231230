// The quality part of a report: the contracts of its window, and what else looks like a fault of the data.
import { type ContractResult } from '../model/parts/contract.ts';
import { type Repeats } from './contracts/distinct-counter.ts';
import { type Failed, failedInWords } from '../judgements.ts';
import { type Finding, FINDINGS } from './finding.ts';
import { z } from 'zod';
import { CONTRACT_KINDS } from '../model/parts/column-schema.ts';
import { severity, share } from '../model/parts/schema-parts.ts';
import { failed } from '../data/report-fields.ts';

/** Raised with a change of these shapes that an older reader would misread. */
export const QUALITY_VERSION = 1;

/** Quality of a window; plain JSON, every number finite. */
export interface QualityPart {
  readonly version: typeof QUALITY_VERSION;
  /** Every contract, held or not, in the order of the definition; those of tables last. */
  readonly contracts: readonly ContractResult[];
  /** Warnings first. */
  readonly findings: readonly Finding[];
  /** The version whose reference the columns were compared with; null before the first. */
  readonly comparedWith: number | null;
  /** Rows that repeat the features of another, for the next window to be compared with. */
  readonly repeats: Repeats;
  /** Set if quality could not be checked: then nothing else of this part says anything. Absent otherwise. */
  readonly failed?: Failed;
}

/** Quality that was due and could not be checked. @example qualityFailed({ code: null, reason: 'the worker died' }) */
export const qualityFailed = (failed: Failed): QualityPart => ({
  version: QUALITY_VERSION,
  contracts: [],
  findings: [],
  comparedWith: null,
  repeats: { values: 0, repeats: 0 },
  failed,
});

/** The contracts that do not hold, those that stop the loop first. */
export function brokenContracts({ contracts }: Pick<QualityPart, 'contracts'>): ContractResult[] {
  const broken = contracts.filter(({ held }) => !held);
  return [
    ...broken.filter(({ severity }) => severity === 'fail'),
    ...broken.filter(({ severity }) => severity === 'warn'),
  ];
}

/** The broken contracts that stop the loop. */
export const stoppingContracts = (part: Pick<QualityPart, 'contracts'>): ContractResult[] =>
  brokenContracts(part).filter(({ severity }) => severity === 'fail');

/** A contract by name. @example contractName(result) // 'null-share of watch_hours_30d' */
export const contractName = ({ kind, column, table }: ContractResult): string =>
  `${kind} of ${column ?? table}`;

/** A contract by name with what was found. @example 'range of monthly_fee: 3 of 7,043 values (0.0426 %) are below 0; none may' */
export const contractInWords = (result: ContractResult): string => `${contractName(result)}: ${result.words}`;

/** Most that a line for people names; the report holds them all. */
const MAX_NAMED = 8;

/** "all 29 contracts hold, nothing found", or those that do not, and what was found. */
export function qualityInWords(part: QualityPart): string {
  if (part.failed) return failedInWords('quality', part.failed);
  const broken = brokenContracts(part);
  const parts = [
    broken.length === 0
      ? `all ${part.contracts.length} contracts hold`
      : `${broken.length} of ${part.contracts.length} contracts are broken: ${listed(broken.map(brokenInWords))}`,
  ];
  const warnings = part.findings.filter(({ severity }) => severity === 'warn');
  if (warnings.length > 0) parts.push(listed(warnings.map(findingInWords)));
  else if (broken.length === 0) parts.push('nothing else was found');
  return parts.join('; ');
}

/** A finding in one line. @example 'monthly_fee: unit-changed, its 7,043 values …' */
export const findingInWords = ({ name, column, table, words }: Finding): string =>
  `${column ?? table ?? 'all columns'}: ${name}, ${words}`;

const brokenInWords = (result: ContractResult): string =>
  result.severity === 'fail' ? `${contractInWords(result)} (stops the loop)` : contractInWords(result);

const listed = (items: readonly string[]): string =>
  items.length <= MAX_NAMED
    ? items.join('; ')
    : `${items.slice(0, MAX_NAMED).join('; ')}; and ${items.length - MAX_NAMED} more`;

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

/** Quality as it was stored before contracts had kinds and severities: counts of a column's declaration as a whole. */
export interface FirstQualityPart {
  readonly contracts: readonly {
    readonly column: string;
    readonly rows: number;
    readonly missing: number;
    readonly violations: number;
    readonly words: string;
  }[];
}

/**
 * The part as today's readers know it. What the first shape does not say is left open: no finding was looked for, and
 * every contract warned.
 *
 * @example readQualityPart(report.quality)?.findings
 */
export function readQualityPart(stored: QualityPart | FirstQualityPart | null): QualityPart | null {
  if (stored === null || 'version' in stored) return stored;
  return {
    version: QUALITY_VERSION,
    contracts: stored.contracts.map(upgraded),
    findings: [],
    comparedWith: null,
    repeats: { values: 0, repeats: 0 },
  };
}

const upgraded = ({
  column,
  rows,
  missing,
  violations,
  words,
}: FirstQualityPart['contracts'][number]): ContractResult => ({
  kind: 'type',
  column,
  table: null,
  severity: 'warn',
  held: violations === 0,
  rows: rows - missing,
  violations,
  share: rows > missing ? violations / (rows - missing) : 0,
  bound: 0,
  examples: [],
  violation: null,
  words,
});
