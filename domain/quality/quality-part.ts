// The quality part of a report: the results of the contracts, and the findings about other faults in the data.
import { type Repeats } from './distinct-counter.ts';
import { type Failed, describeFailedJudgement } from '../judgements.ts';
import { bySeverity, type ContractResult, type Finding, FINDINGS } from './check-result.ts';
import { z } from 'zod';
import { CONTRACT_KINDS } from '../model/parts/column-schema.ts';
import { severity, share } from '../model/parts/schema-parts.ts';
import { failed } from '../data/report-fields.ts';

/** Increased with every change of the stored form that an older reader would misread. */
export const QUALITY_VERSION = 1;

/** Quality of a window; plain JSON with finite numbers only. */
export interface QualityPart {
  readonly version: typeof QUALITY_VERSION;
  /** The result of every contract, in the order of the definition; contracts of tables come last. */
  readonly contracts: readonly ContractResult[];
  /** Warnings first. */
  readonly findings: readonly Finding[];
  /** The version whose reference the columns were compared with; null before a model's first champion. */
  readonly comparedWith: number | null;
  /**
   * How many rows were counted, and how many of them repeat the features of another row; compared with the next window.
   */
  readonly repeats: Repeats;
  /** Set if quality could not be checked; all other fields are then meaningless. Absent otherwise. */
  readonly failed?: Failed;
}

/**
 * Returns the quality part of a report for a check that was due but failed.
 *
 * @example qualityFailed({ code: null, reason: 'the worker died' })
 */
export const qualityFailed = (failed: Failed): QualityPart => ({
  version: QUALITY_VERSION,
  contracts: [],
  findings: [],
  comparedWith: null,
  repeats: { values: 0, repeats: 0 },
  failed,
});

/** Returns the broken contracts; those that stop the loop come first. */
export const brokenContracts = ({ contracts }: Pick<QualityPart, 'contracts'>): ContractResult[] =>
  bySeverity(contracts.filter(({ held }) => !held));

/** Returns the broken contracts that stop the loop. */
export const stoppingContracts = (part: Pick<QualityPart, 'contracts'>): ContractResult[] =>
  brokenContracts(part).filter(({ severity }) => severity === 'fail');

/** Names a contract. @example contractName(result) // 'null-share of watch_hours_30d' */
export const contractName = ({ kind, column, table }: ContractResult): string =>
  `${kind} of ${column ?? table}`;

/**
 * Describes the result of a contract.
 *
 * @example 'range of monthly_fee: 3 of 7,043 values (0.0426 %) are below 0; none are allowed'
 */
export const describeContract = (result: ContractResult): string =>
  `${contractName(result)}: ${result.words}`;

/** Maximum number of contracts, and of findings, that a summary names; the report contains them all. */
const MAX_NAMED = 8;

/** Summarises quality: the broken contracts and warnings, or "all 29 contracts pass; nothing else was found". */
export function describeQuality(part: QualityPart): string {
  if (part.failed) return describeFailedJudgement('quality', part.failed);
  const broken = brokenContracts(part);
  const parts = [
    broken.length === 0
      ? `all ${part.contracts.length} contracts pass`
      : `${broken.length} of ${part.contracts.length} contracts are broken: ${listed(broken.map(describeBroken))}`,
  ];
  const warnings = part.findings.filter(({ severity }) => severity === 'warn');
  if (warnings.length > 0) parts.push(listed(warnings.map(describeFinding)));
  else if (broken.length === 0) parts.push('nothing else was found');
  return parts.join('; ');
}

/** Describes a finding in one line. @example 'monthly_fee: unit-changed, its 7,043 values …' */
export const describeFinding = ({ name, column, table, words }: Finding): string =>
  `${column ?? table ?? 'all columns'}: ${name}, ${words}`;

const describeBroken = (result: ContractResult): string =>
  result.severity === 'fail' ? `${describeContract(result)} (stops the loop)` : describeContract(result);

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
  .describe("SageMaker's name for this kind of violation; null if it has none");

const example = z.strictObject({
  value: z.string().nullable().describe('At most 60 characters; null if it is missing'),
  key: z.string().describe('Entity key: a JSON array of texts, at most 120 characters of it'),
  at: z.string().describe('Time of the row, ISO 8601 in UTC'),
});

const contract = z.strictObject({
  kind: z.enum([...CONTRACT_KINDS, 'freshness']),
  column: z.string().nullable().describe('Null for a contract of a table'),
  table: z.string().nullable().describe('Null for a derived column'),
  severity: severity.describe('fail stops the loop if the contract is broken'),
  held: z.boolean(),
  rows: count.describe('Rows checked; 1 for freshness, which checks a table'),
  violations: count,
  share: share.describe('Violations as a share of the rows checked'),
  bound: share.describe('Largest share of violations that is allowed'),
  examples: z.array(example).max(5),
  violation,
  words: z.string(),
});

const finding = z.strictObject({
  name: z.enum(FINDINGS),
  column: z.string().nullable(),
  table: z.string().nullable(),
  severity: z.enum(['info', 'warn']).describe('warn is most likely a fault in the data'),
  evidence: z.record(z.string(), z.union([z.number(), z.string(), z.null()])),
  violation,
  words: z.string(),
  advice: z.string().describe('What to check or do'),
});

/** Checks the quality part of a report. */
export const qualityPartSchema = z.strictObject({
  version: z.literal(QUALITY_VERSION),
  contracts: z.array(contract),
  findings: z.array(finding),
  comparedWith: z.int().nullable().describe('Version whose reference the columns were compared with'),
  repeats: z
    .strictObject({ values: count, repeats: count })
    .describe('Rows counted, and those that repeat the features of another'),
  failed,
}) satisfies z.ZodType<QualityPart>;

/** Quality as stored before contracts had kinds and severities: counts for a column's declaration as a whole. */
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
 * Reads a stored part into today's shape. The first shape has no findings, and all its contracts are read as warnings.
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
