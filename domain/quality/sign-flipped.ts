// A column whose values have changed their sign.
import { apart, grouped } from '../numbers-in-words.ts';
import { type ColumnCheck } from './column-check.ts';
import { distance, noiseFloor, windowSteps } from './distance.ts';
import { FEWEST_VALUES } from './finding.ts';
import { median } from './quantile.ts';
import { ReferenceSteps } from './reference-steps.ts';
import { ALIKE, MOST_LEFT, PLAINLY_OTHER } from './unit-changed.ts';

/**
 * The values other than 0 are distributed as the reference's once they are mirrored at 0, and not otherwise, by the
 * bounds of `unitChanged`. A distribution that is symmetric about 0 shows nothing.
 */
export const signFlipped: ColumnCheck = (column, reference) => {
  if (column.kind !== 'numeric' || reference.kind !== 'numeric') return undefined;
  const { sketch } = column;
  const before = new ReferenceSteps(reference, 0);
  const now = windowSteps(sketch, { value: 0, rows: sketch.zeros });
  if (before.size < FEWEST_VALUES || now.size < FEWEST_VALUES) return undefined;
  const floor = noiseFloor(before.size, now.size);
  const asIs = distance(before, now);
  if (asIs < PLAINLY_OTHER + floor) return undefined;
  const mirrored = distance(before, now, -1);
  if (mirrored > Math.min(ALIKE + floor, asIs * MOST_LEFT)) return undefined;
  const [medianBefore, medianNow] = [median(reference), median(sketch)];
  const [shownNow = '', shownBefore = ''] = apart([medianNow, medianBefore], 4);
  return {
    name: 'sign-flipped',
    column: column.name,
    table: column.table,
    severity: 'warn',
    evidence: { distance: asIs, distanceMirrored: mirrored, values: now.size, medianBefore, medianNow },
    violation: 'baseline_drift_check',
    words:
      `its ${grouped(now.size)} values other than 0 are distributed as if multiplied by −1: ` +
      `median ${shownNow}, in the reference ${shownBefore}`,
    advice:
      'Ask whoever loads the table whether a difference is now taken the other way round, or a debit a credit.',
  };
};
