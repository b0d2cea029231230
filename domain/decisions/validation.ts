// Validation of a version in Staging: what must hold before a person is asked.
import { digestOfBytes } from '../canonical-json.ts';
import { evaluationRows, type Frame, recordAt } from '../data/frame.ts';
import { extremeRecords } from '../learning/encode/encoding.ts';
import { type Scorer } from '../learning/artifact/scorer.ts';
import { fixed } from '../numbers-in-words.ts';
import { type Slice } from '../learning/compare/slices.ts';
import { sliceFloor } from '../learning/compare/slice-floor.ts';

/** One check and what it found. */
export interface ValidationCheck {
  readonly name: string;
  readonly passed: boolean;
  readonly words: string;
}

/** The checks of a version and whether all passed. */
export interface Validation {
  readonly passed: boolean;
  readonly checks: readonly ValidationCheck[];
  /** The checks that failed, in words. */
  readonly words: string;
}

/** How many records are scored one by one, at most. */
export const SINGLE_ROWS = 1_000;

const P99_BOUND_MS = 5;

/** All checks together: one that failed is enough to fail. */
export function validationOf(checks: readonly ValidationCheck[]): Validation {
  const failed = checks.filter(({ passed }) => !passed);
  const words = failed.map(({ name, words }) => `${name}: ${words}`).join('; ');
  return { passed: failed.length === 0, checks, words };
}

/** What a comparison's scores are known by: SHA-256 of their bytes. */
export const digestOfScores = (scores: Float64Array): string => digestOfBytes(new Uint8Array(scores.buffer));

/** The artifact read back gives the scores of the digest on the evaluation rows, to the last bit. */
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

/** Every entity has an online row. @param missing null where the definition keeps none, and nothing can be missing */
export function checkOnlineRows(missing: number | null, asOf: Date): ValidationCheck {
  const name = 'online rows';
  if (missing === null)
    return { name, passed: true, words: "not applicable: the definition says online: 'off'" };
  const words =
    missing === 0 ? `complete as of ${asOf.toISOString()}` : `${missing} entities have no online row`;
  return { name, passed: missing === 0, words };
}

/** A record scored alone, as the API does, gives the score that its row has in the frame, within the scorer's tolerance. */
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

/** Odd input still gives a probability. */
export async function checkExtremes(scorer: Scorer, frame: Frame): Promise<ValidationCheck> {
  const odd = extremeRecords(frame);
  const scores = await scorer.scoreRecords(odd.map(({ record }) => record));
  const broken = odd.filter((_, at) => !(scores[at]! >= 0 && scores[at]! <= 1));
  const words =
    broken.length === 0 ? 'odd input gives a probability' : broken.map(({ name }) => name).join(', ');
  return { name: 'extremes', passed: broken.length === 0, words };
}

/** No slice is surely worse than the floor. */
export function checkSliceFloor(slices: readonly Slice[]): ValidationCheck {
  const { fallen, words } = sliceFloor(slices);
  return { name: 'slice floor', passed: fallen.length === 0, words };
}

/** The 99th percentile of scoring one record is within 5 ms. @param milliseconds one duration a record, at least one */
export function checkSpeed(milliseconds: Float64Array): ValidationCheck {
  const p99 = milliseconds.toSorted()[Math.floor(0.99 * milliseconds.length)] ?? Infinity;
  const words = `99 % of single rows are scored within ${fixed([p99], [P99_BOUND_MS])[0]} ms, bound ${P99_BOUND_MS} ms`;
  return { name: 'speed', passed: p99 <= P99_BOUND_MS, words };
}
