// Tests whether the shares of a column's categories changed, and whether new categories appeared.
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

/** Row counts of the reference and of the window, in the same order of categories. */
export interface CategoryCells {
  readonly reference: Float64Array;
  readonly current: Float64Array;
}

/**
 * Counts the rows of the reference and of the window in the same cells: one for each listed value of the reference,
 * then one for all other values. If the reference lists all its values, each value that only the window has gets a cell
 * of its own instead, and the window's unlisted values share the last cell.
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
 * Compares the shares of a column's categories. The p-value is that of the two-sample chi-square test; the effect is
 * the Jensen-Shannon distance, or PSI if the policy asks for it.
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
  // Reference and window contain the same single category, so no share can have changed.
  if (count === 1) return measured(question, { value: 0, pValue: 1, effectSize: 0, noiseFloor: 0 });
  const test = chiSquareTest(cells.reference, cells.current);
  if (test === null)
    return notMeasurable(question, 'every category is rare: fewer than 5 rows of each are expected');
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
 * Measures the share of values that never occur in the reference. There is no p-value: the lower bound of the share
 * decides. If the reference contains more values than it lists, the share of the unlisted ones is expected and
 * subtracted.
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
