// A column that is now measured in another unit: all its values are ten, sixty, a hundred or a thousand times as large.
import { apart, grouped, rounded } from '../numbers-in-words.ts';
import { type ColumnCheck, MIN_VALUES } from './finding.ts';
import { distance, median, noiseFloor, windowSteps } from './distance.ts';
import { ReferenceSteps } from './reference-steps.ts';

/** The factors that units differ by. */
const FACTORS = [10, 60, 100, 1_000].flatMap((factor) => [factor, 1 / factor]);

/** Least distance of the window as it is: above it the values are plainly others. */
export const PLAINLY_OTHER = 0.3;
/** Greatest distance of the window scaled back, and greatest part of the distance as it is. */
export const ALIKE = 0.1;
export const MAX_LEFT = 1 / 3;

/** A neighbour of a factor: a distribution that some other factor fits better was not scaled by this one. */
const NEIGHBOUR = 1.25;

/**
 * The values other than 0 are distributed as the reference's once they are divided by one of the factors, and not
 * otherwise: as they are, their Kolmogorov-Smirnov distance from the reference is at least 0.3 more than chance gives;
 * scaled back it is at most 0.1 more, at most a third, and less than with a factor a quarter greater or smaller. So a
 * level that rises by half, doubles or triples is drift, and no unit. Looked at from 30 values on each side.
 */
export const unitChanged: ColumnCheck = (column, reference) => {
  if (column.kind !== 'numeric' || reference.kind !== 'numeric') return undefined;
  const { sketch } = column;
  const before = new ReferenceSteps(reference, 0);
  const now = windowSteps(sketch, { value: 0, rows: sketch.zeros });
  if (before.size < MIN_VALUES || now.size < MIN_VALUES) return undefined;
  const floor = noiseFloor(before.size, now.size);
  const asIs = distance(before, now);
  if (asIs < PLAINLY_OTHER + floor) return undefined;
  const most = Math.min(ALIKE + floor, asIs * MAX_LEFT);
  const [best] = FACTORS.map((factor) => ({ factor, left: distance(before, now, factor) })).sort(
    (a, b) => a.left - b.left,
  );
  if (!best || best.left > most) return undefined;
  const { factor, left } = best;
  if (
    distance(before, now, factor * NEIGHBOUR) <= left ||
    distance(before, now, factor / NEIGHBOUR) <= left
  ) {
    return undefined;
  }
  const [medianBefore, medianNow] = [median(reference), median(sketch)];
  const [shownNow = '', shownBefore = ''] = apart([medianNow, medianBefore], 4);
  return {
    name: 'unit-changed',
    column: column.name,
    table: column.table,
    severity: 'warn',
    evidence: { factor, distance: asIs, distanceScaledBack: left, values: now.size, medianBefore, medianNow },
    violation: 'baseline_drift_check',
    words:
      `its ${grouped(now.size)} values other than 0 are distributed as if multiplied by ${rounded(factor, 4)}: ` +
      `median ${shownNow}, in the reference ${shownBefore}`,
    advice: 'Ask whoever loads the table whether the unit changed: cents, minutes, per cent, thousands.',
  };
};

/**
 * The values other than 0 are distributed as the reference's once they are mirrored at 0, and not otherwise, by the
 * bounds of `unitChanged`. A distribution that is symmetric about 0 shows nothing.
 */
export const signFlipped: ColumnCheck = (column, reference) => {
  if (column.kind !== 'numeric' || reference.kind !== 'numeric') return undefined;
  const { sketch } = column;
  const before = new ReferenceSteps(reference, 0);
  const now = windowSteps(sketch, { value: 0, rows: sketch.zeros });
  if (before.size < MIN_VALUES || now.size < MIN_VALUES) return undefined;
  const floor = noiseFloor(before.size, now.size);
  const asIs = distance(before, now);
  if (asIs < PLAINLY_OTHER + floor) return undefined;
  const mirrored = distance(before, now, -1);
  if (mirrored > Math.min(ALIKE + floor, asIs * MAX_LEFT)) return undefined;
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
