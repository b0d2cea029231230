// Validation of a version in Staging: the checks that must pass before a person is asked to approve it.
import { digestOfBytes } from '../canonical-json.ts';
import { evaluationRows, type Frame, recordAt } from '../data/frame.ts';
import { extremeRecords } from '../learning/encode/encoding.ts';
import { type Scorer } from '../learning/artifact/scorer.ts';
import { fixed } from '../format-numbers.ts';
import { type Slice } from '../learning/compare/slices.ts';
import { sliceFloor } from '../learning/compare/slice-floor.ts';

/** One check and its finding. */
export interface ValidationCheck {
  readonly name: string;
  readonly passed: boolean;
  readonly words: string;
}

/** All checks of a version. */
export interface Validation {
  readonly passed: boolean;
  readonly checks: readonly ValidationCheck[];
  /** A description of the checks that failed; empty if all passed. */
  readonly words: string;
}

/** Maximum number of records that are scored one by one. */
export const SINGLE_ROWS = 1_000;

const P99_BOUND_MS = 5;

/** Combines checks; the validation passes if all of them do. */
export function validationOf(checks: readonly ValidationCheck[]): Validation {
  const failed = checks.filter(({ passed }) => !passed);
  const words = failed.map(({ name, words }) => `${name}: ${words}`).join('; ');
  return { passed: failed.length === 0, checks, words };
}

/** Returns the digest of a comparison's scores: SHA-256 of their bytes. */
export const digestOfScores = (scores: Float64Array): string => digestOfBytes(new Uint8Array(scores.buffer));

/** Checks that the reloaded artifact reproduces the scores of the digest on the evaluation rows, bit for bit. */
export async function checkReload(
  scorer: Scorer,
  frame: Frame,
  scoresDigest: string,
): Promise<ValidationCheck> {
  const rows = evaluationRows(frame);
  const passed = digestOfScores(await scorer.scoreRows(frame, rows)) === scoresDigest;
  const words = passed
    ? `${rows.length} scores are identical after reloading`
    : 'the reloaded artifact scores differently';
  return { name: 'artifact', passed, words };
}

/** Checks that every entity has an online row. @param missing null if the definition does not use online rows */
export function checkOnlineRows(missing: number | null, asOf: Date): ValidationCheck {
  const name = 'online rows';
  if (missing === null)
    return { name, passed: true, words: "not applicable: the definition says online: 'off'" };
  const words =
    missing === 0 ? `complete as of ${asOf.toISOString()}` : `${missing} entities have no online row`;
  return { name, passed: missing === 0, words };
}

/**
 * Checks that a record scored on its own, as the API does it, gets the score of its row in the frame, within the
 * scorer's tolerance.
 */
export async function checkOnePath(scorer: Scorer, frame: Frame): Promise<ValidationCheck> {
  const rows = Uint32Array.from({ length: Math.min(SINGLE_ROWS, frame.rows) }, (_, row) => row);
  const together = await scorer.scoreRows(frame, rows);
  let differing = 0;
  for (const row of rows) {
    const [alone = NaN] = await scorer.scoreRecords([recordAt(frame, row)]);
    if (!(Math.abs(alone - together[row]!) <= scorer.tolerance)) differing += 1;
  }
  const words =
    differing === 0
      ? `${rows.length} records score as in training`
      : `${differing} records score differently`;
  return { name: 'one path', passed: differing === 0, words };
}

/** Checks that records with extreme and missing values still get a probability as their score. */
export async function checkExtremes(scorer: Scorer, frame: Frame): Promise<ValidationCheck> {
  const odd = extremeRecords(frame);
  const scores = await scorer.scoreRecords(odd.map(({ record }) => record));
  const broken = odd.filter((_, at) => !(scores[at]! >= 0 && scores[at]! <= 1));
  const words =
    broken.length === 0 ? 'odd input gives a probability' : broken.map(({ name }) => name).join(', ');
  return { name: 'extremes', passed: broken.length === 0, words };
}

/** Checks that no slice is significantly worse than the floor. */
export function checkSliceFloor(slices: readonly Slice[]): ValidationCheck {
  const { fallen, words } = sliceFloor(slices);
  return { name: 'slice floor', passed: fallen.length === 0, words };
}

/**
 * Checks that the 99th percentile of the time to score one record is at most 5 ms.
 *
 * @param milliseconds one duration per record, at least one
 */
export function checkSpeed(milliseconds: Float64Array): ValidationCheck {
  const p99 = milliseconds.toSorted()[Math.floor(0.99 * milliseconds.length)] ?? Infinity;
  const words = `99 % of single rows are scored within ${fixed([p99], [P99_BOUND_MS])[0]} ms, bound ${P99_BOUND_MS} ms`;
  return { name: 'speed', passed: p99 <= P99_BOUND_MS, words };
}
