// The quality part of a stored report, whatever release wrote it.
import { type ContractResult } from '../features/contracts/contract.ts';
import { type QualityPart, QUALITY_VERSION } from './quality-part.ts';

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
