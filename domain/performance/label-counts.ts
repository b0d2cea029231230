// How many labels of a window are there, and how many of the others may still come in time.
import { NO_LABEL } from '../data/frame.ts';

/** Labels of a window's rows. */
export interface LabelCounts {
  readonly rows: number;
  /** Known by the instant the window was frozen. */
  readonly mature: number;
  /** Not known yet, and not yet expected by the label's delay. */
  readonly awaited: number;
  /** Not known, though expected by then. */
  readonly overdue: number;
}

/** No row. */
export const NO_ROWS: LabelCounts = { rows: 0, mature: 0, awaited: 0, overdue: 0 };

/**
 * Adds rows to what was counted.
 *
 * @param labels 0, 1, or `NO_LABEL`; @param times in microseconds since 1970 UTC; without
 *   them no label is awaited
 * @param expectedUntil rows up to this time should have their label
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
