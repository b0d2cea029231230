// A version trained again: whether it is the same, to the byte or as far as platforms agree.
import { canonicalJson, digestOf } from '../canonical-json.ts';
import { type Artifact } from './artifact/artifact.ts';
import { apart } from '../numbers-in-words.ts';
import { encodedNames } from './encode/encoding.ts';

/** Coefficients of other platforms agree to this, relative to those above 1. */
export const COEFFICIENT_TOLERANCE = 1e-9;

/** What training again gave. Plain JSON. */
export interface Repetition {
  readonly digest: string;
  readonly repeatedDigest: string;
  readonly sameBytes: boolean;
  /** Largest difference of a coefficient, relative to those above 1; null where the columns are not the same. */
  readonly coefficientGap: number | null;
  /** Null where it is not on record. */
  readonly trainedOn: Platform | null;
  readonly repeatedOn: Platform;
  /** Whether that is as it should be: the same bytes on the same platform, elsewhere coefficients to 1e-9. */
  readonly holds: boolean;
}

/**
 * Compares a version with itself trained again.
 *
 * @param trainedOn null where it is not on record: then only coefficients are asked for
 * @example repetitionOf(stored, again, { trainedOn, repeatedOn: here }).holds
 */
export function repetitionOf(
  stored: Artifact,
  again: Artifact,
  { trainedOn, repeatedOn }: Pick<Repetition, 'trainedOn' | 'repeatedOn'>,
): Repetition {
  const [digest, repeatedDigest] = [digestOf(stored), digestOf(again)];
  const sameBytes = digest === repeatedDigest;
  const gap = coefficientGap(stored, again);
  const mustBeBytes = trainedOn !== null && isSamePlatform(trainedOn, repeatedOn);
  const holds = sameBytes || (!mustBeBytes && gap !== null && gap <= COEFFICIENT_TOLERANCE);
  return { digest, repeatedDigest, sameBytes, coefficientGap: gap, trainedOn, repeatedOn, holds };
}

function coefficientGap(a: Artifact, b: Artifact): number | null {
  if (canonicalJson(encodedNames(a.encoding)) !== canonicalJson(encodedNames(b.encoding))) return null;
  return a.coefficients.reduce((gap, value, at) => {
    const other = b.coefficients[at]!;
    return Math.max(gap, Math.abs(value - other) / Math.max(1, Math.abs(value)));
  }, 0);
}

/** The verdict in one sentence. */
export function describeRepetition({ sameBytes, coefficientGap: gap, holds, trainedOn }: Repetition): string {
  if (sameBytes) return 'the same bytes';
  if (gap === null) return 'other columns: these are not the rows or not the rules that it was trained by';
  const found = `coefficients differ by ${apart([gap, COEFFICIENT_TOLERANCE], 2)[0]} at most`;
  if (holds) {
    const where = trainedOn ? 'on another platform' : 'where it was trained is not on record';
    return `other bytes, ${where}: ${found}, within ${COEFFICIENT_TOLERANCE}`;
  }
  return `other bytes: ${found}`;
}

/** A machine as far as the last bits of a sum depend on it. Plain JSON. */
export interface Platform {
  /** As Node names it: `linux`, `darwin`, `win32`. */
  readonly os: string;
  /** `x64`, `arm64`. */
  readonly arch: string;
  readonly nodeMajor: number;
}

/** Whether equal rows give equal bytes on both. @example isSamePlatform(trainedOn, here) */
const isSamePlatform = (a: Platform, b: Platform): boolean =>
  a.os === b.os && a.arch === b.arch && a.nodeMajor === b.nodeMajor;

/** "linux x64, Node 22" */
export const formatPlatform = ({ os, arch, nodeMajor }: Platform): string =>
  `${os} ${arch}, Node ${nodeMajor}`;
