// Measures one column of a window against its reference, before the p-values of the whole report are adjusted.
import { categoryCells, categoryDistribution, newCategories } from './category-distribution.ts';
import {
  type CategoryProfile,
  type CategoryReference,
  unseenRows,
} from '../data/profile/category-profile.ts';
import { constantSides, type ConstantSides, missingChange } from './statistics/share-change.ts';
import { type ColumnPolicy } from './drift-policy.ts';
import { type ColumnReference } from '../data/profile/feature-reference.ts';
import { type Hypothesis, notMeasurable } from './statistics/hypothesis.ts';
import { clippedMean, numericDistribution } from './numeric-distribution.ts';
import { type NumericProfile, presentNumbers } from '../data/profile/numeric-profile.ts';
import { type NumericReference } from '../data/profile/numeric-reference.ts';
import { psiBand, type PsiBand, psiCounts, psiNoiseFloor, psiOfCounts } from './statistics/psi.ts';
import { type ColumnProfile } from '../data/profile/window-profile.ts';
import { apart } from '../format-numbers.ts';
import { fromUnit } from '../data/profile/clip-range.ts';
import { total } from '../data/math/total.ts';

/**
 * A PSI with the values needed to interpret it. It affects the verdict only if the policy names PSI as the column's
 * effect.
 */
export interface PsiReading {
  readonly value: number;
  readonly band: PsiBand;
  /** 95 % quantile of the PSI if nothing changed, for these sizes. A PSI below it is indistinguishable from noise. */
  readonly noiseFloor: number;
  readonly bins: number;
}

/** The same number for the reference and for the window; each is null if it is not known. */
export interface BothSides {
  readonly reference: number | null;
  readonly window: number | null;
}

/** Means of the finite values of the reference and of the window, not clipped. */
export interface Means extends BothSides {
  /**
   * Caveats: whether the reference or the window has values but no mean, and how many infinite values were left out.
   * Null if there are no caveats.
   */
  readonly note: string | null;
}

/** All measurements of a column. */
export interface ColumnMeasurement {
  /** At most one of each kind; the distribution always comes first. */
  readonly hypotheses: readonly [Hypothesis, ...Hypothesis[]];
  readonly psi: PsiReading | null;
  /** Shares of missing values. */
  readonly missing: BothSides;
  /** Null for categories, and with Evidently's preset. */
  readonly mean: Means | null;
  /**
   * Standard deviations (ddof 0) of the same values as `mean`; null if `mean` is null, absent in reports of earlier
   * versions.
   */
  readonly sd?: BothSides | null;
  /**
   * Means of the values after clipping to the reference's 0.5 % and 99.5 % quantiles, as for the Wasserstein distance;
   * null for categories, absent with Evidently's preset.
   */
  readonly clippedMean?: BothSides | null;
  readonly constant: ConstantSides;
  /** Histogram of the reference and the window; null if it cannot be drawn, absent if none was made. */
  readonly histogram?: Histogram | null;
}

/**
 * Measures a column against its reference. Never throws: a column that cannot be compared is returned as not
 * measurable.
 */
export function measureColumn(
  reference: ColumnReference,
  profile: ColumnProfile | undefined,
  policy: ColumnPolicy,
): ColumnMeasurement {
  if (reference.kind === 'numeric' && profile?.kind === 'numeric') {
    return measureNumbers(reference, profile, policy);
  }
  if (reference.kind === 'category' && profile?.kind === 'category') {
    return measureCategories(reference, profile, policy);
  }
  const reason = profile?.kind === 'absent' ? profile.reason : 'the window has no profile of this column';
  return unmeasured(reference, reason);
}

function measureNumbers(
  reference: NumericReference,
  profile: NumericProfile,
  policy: ColumnPolicy,
): ColumnMeasurement {
  const n = presentNumbers(reference.profile);
  const m = presentNumbers(profile);
  const before = { hits: reference.profile.missing, size: n + reference.profile.missing };
  const after = { hits: profile.missing, size: m + profile.missing };
  const [from, to] = [psiCounts(reference, reference.profile), psiCounts(reference, profile)];
  return {
    hypotheses: [
      numericDistribution(reference, profile, policy),
      missingChange(reference.name, before, after, policy.minRows),
    ],
    psi: readPsi(from, to, n, m),
    missing: { reference: shareOf(before), window: shareOf(after) },
    ...momentsOfSides(reference.profile, profile),
    clippedMean: {
      reference: clippedMean(reference, reference.profile),
      window: clippedMean(reference, profile),
    },
    constant: constantSides(distinctNumbers(reference.profile), distinctNumbers(profile)),
    histogram: numberHistogram(reference, profile),
  };
}

function measureCategories(
  reference: CategoryReference,
  profile: CategoryProfile,
  policy: ColumnPolicy,
): ColumnMeasurement {
  const cells = categoryCells(reference, profile);
  const distribution = categoryDistribution(reference, cells, policy);
  const { referenceSize: n, windowSize: m } = distribution;
  const before = { hits: reference.missing, size: n + reference.missing };
  const after = { hits: profile.missing, size: m + profile.missing };
  return {
    hypotheses: [
      distribution,
      newCategories(reference, profile, policy.minRows),
      missingChange(reference.name, before, after, policy.minRows),
    ],
    psi: readPsi(cells.reference, cells.current, n, m),
    missing: { reference: shareOf(before), window: shareOf(after) },
    mean: null,
    sd: null,
    clippedMean: null,
    constant: constantSides(filledCells(cells.reference), filledCells(cells.current)),
    histogram: categoryHistogram(reference, profile),
  };
}

function unmeasured({ name, kind }: ColumnReference, reason: string): ColumnMeasurement {
  const [statistic, effect] =
    kind === 'numeric' ? (['ks', 'wasserstein'] as const) : (['chisquare', 'jensenshannon'] as const);
  const question = { subject: name, kind: 'distribution', statistic, effect, threshold: 0.1 } as const;
  return {
    hypotheses: [notMeasurable({ ...question, referenceSize: 0, windowSize: 0 }, reason)],
    psi: null,
    missing: { reference: null, window: null },
    mean: null,
    sd: null,
    clippedMean: null,
    constant: 'none',
  };
}

function momentsOfSides(
  reference: NumericProfile,
  window: NumericProfile,
): Pick<ColumnMeasurement, 'mean' | 'sd'> {
  const side = ({ moments }: NumericProfile, of: 'mean' | 'sd'): number | null =>
    moments && moments.finite > 0 ? moments[of] : null;
  const notes = [...momentNotes(reference, 'reference'), ...momentNotes(window, 'window')];
  return {
    mean: {
      reference: side(reference, 'mean'),
      window: side(window, 'mean'),
      note: notes.length > 0 ? notes.join('; ') : null,
    },
    sd: { reference: side(reference, 'sd'), window: side(window, 'sd') },
  };
}

function momentNotes(profile: NumericProfile, side: 'reference' | 'window'): string[] {
  if (profile.moments === null)
    return [
      `an earlier version of Tidegate profiled the ${side} without its mean, and its rows can no longer be read`,
    ];
  const infinite = presentNumbers(profile) - profile.moments.finite;
  return infinite > 0 ? [`${infinite} infinite values of the ${side} left out`] : [];
}

function readPsi(from: ArrayLike<number>, to: ArrayLike<number>, n: number, m: number): PsiReading | null {
  const bins = from.length;
  if (bins < 2 || n === 0 || m === 0) return null;
  const value = psiOfCounts(from, to);
  return { value, band: psiBand(value), noiseFloor: psiNoiseFloor(n, m, bins), bins };
}

const shareOf = ({ hits, size }: { hits: number; size: number }): number | null =>
  size === 0 ? null : hits / size;

const filledCells = (counts: Float64Array): number =>
  counts.reduce((filled, count) => filled + (count > 0 ? 1 : 0), 0);

// Returns 0, 1 or 2; 2 means two or more distinct numbers.
function distinctNumbers({ minimum, maximum }: NumericProfile): number {
  if (minimum > maximum) return 0;
  return minimum === maximum ? 1 : 2;
}

/**
 * Shares of the rows in each cell, for the reference and for the window, rounded to four decimals; each list adds up to
 * 1.
 */
interface Histogram {
  /** For a number the lower ends of the cells, in the column's unit; for a category its values. */
  readonly cells: readonly (number | string)[];
  readonly reference: readonly number[];
  readonly window: readonly number[];
}

/** Number of cells of a numeric column, all equally wide. */
const NUMBER_CELLS = 16;

/** Values of a category column that are shown by name. */
const MAX_CATEGORIES = 12;

/** Name of the cell of all other values; the cell is not shown if it is empty for the reference and for the window. */
const OTHER = '(other values)';

/**
 * Draws a numeric column over the reference's clip range; values beyond it fall into the outermost cells. Each bin of
 * the profile is counted in the cell that contains the mean of its values. Returns null if the reference or the window
 * has no values, or if the range is a single value.
 *
 * @example numberHistogram(reference, profile)?.window // [0.01, 0.04, …]
 */
function numberHistogram(reference: NumericReference, profile: NumericProfile): Histogram | null {
  const { range } = reference;
  if (range === null || range.low === range.high) return null;
  const before = cellsOf(reference.profile);
  const now = cellsOf(profile);
  if (before === null || now === null) return null;
  const ends = before.map((_, cell) => fromUnit(range, cell / NUMBER_CELLS));
  const cells = apart(ends, 6).map(Number);
  return { cells, reference: before, window: now };
}

/**
 * Draws a category column over the reference's most frequent values; all other values, including new ones, share one
 * cell. Returns null if the reference or the window is empty.
 */
function categoryHistogram(reference: CategoryReference, profile: CategoryProfile): Histogram | null {
  const kept = Math.min(MAX_CATEGORIES, reference.values.length);
  const side = (counts: Float64Array, others: number): number[] | null => {
    const size = total(counts) + others;
    if (size === 0) return null;
    const named = counts.subarray(0, kept);
    return [...Array.from(named, (count) => share(count, size)), share(size - total(named), size)];
  };
  const before = side(reference.counts, reference.other);
  const now = side(profile.counts, unseenRows(profile));
  if (before === null || now === null) return null;
  const cells = [...reference.values.slice(0, kept), OTHER];
  const isShown = (_: unknown, cell: number): boolean =>
    cell < kept || (before[cell] ?? 0) > 0 || (now[cell] ?? 0) > 0;
  return { cells: cells.filter(isShown), reference: before.filter(isShown), window: now.filter(isShown) };
}

function cellsOf({ counts, sums }: NumericProfile): number[] | null {
  const size = total(counts);
  if (size === 0) return null;
  const cells = new Float64Array(NUMBER_CELLS);
  for (let bin = 0; bin < counts.length; bin++) {
    const count = counts[bin] as number;
    if (count === 0) continue;
    const cell = Math.floor(((sums[bin] as number) / count) * NUMBER_CELLS);
    cells[Math.max(0, Math.min(NUMBER_CELLS - 1, cell))]! += count;
  }
  return Array.from(cells, (count) => share(count, size));
}

const share = (count: number, size: number): number => Number((count / size).toFixed(4));
