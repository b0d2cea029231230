// Counts the labels of a window: how many are known, still awaited, or overdue.
import { NO_LABEL } from '../data/frame.ts';

/** Label counts of a window's rows. */
export interface LabelCounts {
  readonly rows: number;
  /** Labels that were known when the window was frozen. */
  readonly mature: number;
  /** Labels that were not known then, and not expected yet according to the label's delay. */
  readonly awaited: number;
  /** Labels that were not known then, although they were expected by that time. */
  readonly overdue: number;
}

/** The counts for zero rows, to which others are added. */
export const NO_ROWS: LabelCounts = { rows: 0, mature: 0, awaited: 0, overdue: 0 };

/**
 * Adds the labels of more rows to the counts.
 *
 * @param labels 0, 1, or `NO_LABEL`
 * @param times of the rows, in microseconds since 1970 UTC; without them every unknown label counts as overdue
 * @param expectedUntil rows up to this time should have their label by now
 * @example countLabelsOf(NO_ROWS, labels, times, before(asKnownAt, delay))
 */
export function countLabelsOf(
  counted: LabelCounts,
  labels: Uint8Array,
  times: BigInt64Array | undefined,
  expectedUntil: Date,
): LabelCounts {
  const until = BigInt(expectedUntil.getTime()) * 1_000n;
  let mature = 0;
  let awaited = 0;
  for (let row = 0; row < labels.length; row += 1) {
    if (labels[row] !== NO_LABEL) mature += 1;
    else if (times && times[row]! > until) awaited += 1;
  }
  return {
    rows: counted.rows + labels.length,
    mature: counted.mature + mature,
    awaited: counted.awaited + awaited,
    overdue: counted.overdue + labels.length - mature - awaited,
  };
}
