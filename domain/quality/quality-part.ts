// The quality part of a report: the contracts of its window, and what else looks like a fault of the data.
import { type ContractResult } from '../features/contracts/contract.ts';
import { type Repeats } from '../features/contracts/distinct-counter.ts';
import { type Failed, failedInWords } from '../lifecycle/judgements.ts';
import { type Finding } from './finding.ts';

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
const MOST_NAMED = 8;

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
  items.length <= MOST_NAMED
    ? items.join('; ')
    : `${items.slice(0, MOST_NAMED).join('; ')}; and ${items.length - MOST_NAMED} more`;
