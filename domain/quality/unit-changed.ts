// Checks whether a column changed its unit (by a factor of 10, 60, 100 or 1000, either way) or its sign.
import { apart, grouped, rounded } from '../format-numbers.ts';
import { type ColumnCheck, MIN_VALUES } from './check-result.ts';
import { distance, median, noiseFloor, windowSteps } from './distance.ts';
import { ReferenceSteps } from './reference-steps.ts';

/** The factors by which units usually differ. */
const FACTORS = [10, 60, 100, 1_000].flatMap((factor) => [factor, 1 / factor]);

/** Smallest distance between the reference and the window before it is scaled back. */
const MIN_DISTANCE = 0.3;
/** Largest distance after scaling back, absolute and as a share of the distance before. */
const MAX_REMAINING = 0.1;
const MAX_REMAINING_SHARE = 1 / 3;

/**
 * Factors larger and smaller by this ratio are tried too: if one of them fits better, the values were not scaled by the
 * factor itself.
 */
const NEIGHBOUR = 1.25;

/**
 * Finds a column whose values other than 0 are distributed as in the reference only after they are divided by one of
 * the factors. Unscaled, their Kolmogorov-Smirnov distance from the reference must be at least 0.3 more than chance
 * explains. Scaled back, it must be at most 0.1 more than chance explains, at most a third of the unscaled distance,
 * and smaller than with a factor 1.25 times larger or smaller. So a level that rises by half, doubles or triples counts
 * as drift and not as a change of unit. Needs 30 values in the reference and in the window.
 */
export const unitChanged: ColumnCheck = (column, reference) => {
  if (column.kind !== 'numeric' || reference.kind !== 'numeric') return undefined;
  const { sketch } = column;
  const before = new ReferenceSteps(reference, 0);
  const now = windowSteps(sketch, { value: 0, rows: sketch.zeros });
  if (before.size < MIN_VALUES || now.size < MIN_VALUES) return undefined;
  const floor = noiseFloor(before.size, now.size);
  const asIs = distance(before, now);
  if (asIs < MIN_DISTANCE + floor) return undefined;
  const allowed = Math.min(MAX_REMAINING + floor, asIs * MAX_REMAINING_SHARE);
  const [best] = FACTORS.map((factor) => ({ factor, remaining: distance(before, now, factor) })).sort(
    (a, b) => a.remaining - b.remaining,
  );
  if (!best || best.remaining > allowed) return undefined;
  const { factor, remaining } = best;
  if (
    distance(before, now, factor * NEIGHBOUR) <= remaining ||
    distance(before, now, factor / NEIGHBOUR) <= remaining
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
    evidence: {
      factor,
      distance: asIs,
      distanceScaledBack: remaining,
      values: now.size,
      medianBefore,
      medianNow,
    },
    violation: 'baseline_drift_check',
    words:
      `its ${grouped(now.size)} values other than 0 are distributed as if multiplied by ${rounded(factor, 4)}: ` +
      `median ${shownNow}, in the reference ${shownBefore}`,
    advice:
      'Ask the owner of the table whether the unit changed, for example to cents, minutes, per cent or thousands.',
  };
};

/**
 * Finds a column whose values other than 0 are distributed as in the reference only after their sign is flipped, with
 * the same bounds as `unitChanged`. A distribution that is symmetric about 0 is never reported.
 */
export const signFlipped: ColumnCheck = (column, reference) => {
  if (column.kind !== 'numeric' || reference.kind !== 'numeric') return undefined;
  const { sketch } = column;
  const before = new ReferenceSteps(reference, 0);
  const now = windowSteps(sketch, { value: 0, rows: sketch.zeros });
  if (before.size < MIN_VALUES || now.size < MIN_VALUES) return undefined;
  const floor = noiseFloor(before.size, now.size);
  const asIs = distance(before, now);
  if (asIs < MIN_DISTANCE + floor) return undefined;
  const mirrored = distance(before, now, -1);
  if (mirrored > Math.min(MAX_REMAINING + floor, asIs * MAX_REMAINING_SHARE)) return undefined;
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
      'Ask the owner of the table whether a difference is now computed the other way round, or debits are now credits.',
  };
};
