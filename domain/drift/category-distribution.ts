// Whether the categories of a column changed in their shares, or new ones came.
import {
  unseenRows,
  type CategoryProfile,
  type CategoryReference,
} from '../data/profile/category-profile.ts';
import { chiSquare, chiSquareTest } from './statistics/chi-square.ts';
import type { ColumnPolicy } from './drift-policy.ts';
import {
  directionOf,
  measured,
  notMeasurable,
  tooFew,
  type Hypothesis,
  type Question,
} from './statistics/hypothesis.ts';
import {
  jensenShannon,
  jensenShannonDistance,
  jensenShannonNoiseFloor,
} from './statistics/jensen-shannon.ts';
import { newCategory, newCategoryExcess } from './statistics/share-change.ts';
import { psi, psiNoiseFloor, psiOfCounts } from './statistics/psi.ts';
import { total } from '../data/math/total.ts';
import { wilsonLower } from './statistics/two-proportion-z.ts';

/** Rows of both sides over the same categories. */
export interface CategoryCells {
  readonly reference: Float64Array;
  readonly current: Float64Array;
}

/**
 * The reference's values, then one cell for its other values or, where it lists them all, one for each value that only
 * the window has. Values beyond those listed share the last cell.
 */
export function categoryCells(reference: CategoryReference, profile: CategoryProfile): CategoryCells {
  const unseen =
    reference.other > 0
      ? [unseenRows(profile)]
      : [...profile.unseen.values(), profile.unlisted].filter((rows) => rows > 0);
  const current = Float64Array.from([...profile.counts, ...unseen]);
  const padded = new Float64Array(current.length);
  padded.set(reference.counts);
  if (reference.other > 0) padded[reference.counts.length] = reference.other;
  return { reference: padded, current };
}

/**
 * Compares the shares of a column's categories: p by the two-sample chi-square test, effect by Jensen-Shannon or, where
 * the policy says so, PSI.
 */
export function categoryDistribution(
  reference: CategoryReference,
  cells: CategoryCells,
  { minRows, effect, threshold }: ColumnPolicy,
): Hypothesis {
  const distance = effect === 'psi' ? psi : jensenShannon;
  const question: Question = {
    subject: reference.name,
    kind: 'distribution',
    statistic: chiSquare.name,
    effect: distance.name,
    threshold: threshold ?? distance.threshold,
    referenceSize: total(cells.reference),
    windowSize: total(cells.current),
  };
  const { referenceSize: n, windowSize: m } = question;
  const reason = tooFew(n, m, minRows);
  if (reason !== null) return notMeasurable(question, reason);
  const count = cells.current.length;
  // One category on both sides: nothing can have moved.
  if (count === 1) return measured(question, { value: 0, pValue: 1, effectSize: 0, noiseFloor: 0 });
  const test = chiSquareTest(cells.reference, cells.current);
  if (test === null)
    return notMeasurable(question, 'every category is rare: under 5 rows of each are expected');
  const { value, pValue } = test;
  return measured(question, {
    value,
    pValue,
    ...(distance === psi
      ? { effectSize: psiOfCounts(cells.reference, cells.current), noiseFloor: psiNoiseFloor(n, m, count) }
      : {
          effectSize: jensenShannonDistance(cells.reference, cells.current),
          noiseFloor: jensenShannonNoiseFloor(n, m, count),
        }),
  });
}

/**
 * Measures the share of values that the reference has never seen. It has no p-value of its own: the lower bound of
 * the share is judged. Where the reference holds more values than it lists, those outside the list count as expected.
 */
export function newCategories(
  reference: CategoryReference,
  profile: CategoryProfile,
  minRows: number,
): Hypothesis {
  const unseen = unseenRows(profile);
  const question: Question = {
    subject: reference.name,
    kind: 'new category',
    statistic: newCategory.name,
    effect: newCategory.name,
    threshold: newCategory.threshold,
    referenceSize: total(reference.counts) + reference.other,
    windowSize: total(profile.counts) + unseen,
  };
  const { referenceSize: n, windowSize: m } = question;
  const reason = tooFew(n, m, minRows);
  if (reason !== null) return notMeasurable(question, reason);
  const expected = Math.max(reference.singletons, reference.other) / n;
  const share = { hits: unseen, size: m };
  return measured(question, {
    value: unseen / m,
    effectSize: newCategoryExcess(share, expected),
    noiseFloor: expected,
    direction: directionOf(Math.max(0, wilsonLower(share) - expected)),
  });
}
