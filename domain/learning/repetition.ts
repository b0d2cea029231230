// Compares a version with a repeated training of it: by its bytes, or on another platform by its coefficients.
import { canonicalJson, digestOf } from '../canonical-json.ts';
import { type Artifact } from './artifact/artifact.ts';
import { apart } from '../format-numbers.ts';
import { encodedNames } from './encode/encoding.ts';

/** Largest difference of a coefficient between platforms: absolute up to 1, relative above. */
export const COEFFICIENT_TOLERANCE = 1e-9;

/** The result of training a version again. Plain JSON. */
export interface Repetition {
  readonly digest: string;
  readonly repeatedDigest: string;
  readonly sameBytes: boolean;
  /** Largest difference of a coefficient, absolute up to 1 and relative above; null if the columns are not the same. */
  readonly coefficientGap: number | null;
  /** Platform of the original training; null if it is not recorded. */
  readonly trainedOn: Platform | null;
  readonly repeatedOn: Platform;
  /**
   * Whether the repetition passes: on the same platform the bytes must be the same, on another platform the
   * coefficients must agree within 1e-9.
   */
  readonly holds: boolean;
}

/**
 * Compares a version with a repeated training of it.
 *
 * @param trainedOn null if it is not recorded: then only the coefficients must agree
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

/** Describes the result in one sentence. */
export function describeRepetition({ sameBytes, coefficientGap: gap, holds, trainedOn }: Repetition): string {
  if (sameBytes) return 'the same bytes';
  if (gap === null) return 'different columns: the version was trained on other rows or by other rules';
  const found = `coefficients differ by at most ${apart([gap, COEFFICIENT_TOLERANCE], 2)[0]}`;
  if (holds) {
    const where = trainedOn ? 'on another platform' : 'the platform it was trained on is not recorded';
    return `different bytes, ${where}: ${found}, within ${COEFFICIENT_TOLERANCE}`;
  }
  return `different bytes: ${found}`;
}

/** What the last bits of a floating-point sum may depend on. Plain JSON. */
export interface Platform {
  /** As Node names it: `linux`, `darwin`, `win32`. */
  readonly os: string;
  /** `x64`, `arm64`. */
  readonly arch: string;
  readonly nodeMajor: number;
  /** The release of Tidegate, with its git revision if known, such as `0.1.0+a1b2c3d4e5f6`; absent in earlier records. */
  readonly code?: string;
}

/** Whether the same rows must produce the same bytes on both. @example isSamePlatform(trainedOn, here) */
const isSamePlatform = (a: Platform, b: Platform): boolean =>
  a.os === b.os && a.arch === b.arch && a.nodeMajor === b.nodeMajor;

/** "linux x64, Node 22" */
export const formatPlatform = ({ os, arch, nodeMajor }: Platform): string =>
  `${os} ${arch}, Node ${nodeMajor}`;
