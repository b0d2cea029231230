// Everything measured on one column, before the report is judged as a whole.
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
import { apart } from '../numbers-in-words.ts';
import { fromUnit } from '../data/profile/clip-range.ts';
import { total } from '../data/math/total.ts';

/** PSI with what it takes to read it; it votes only where the policy names it as the column's effect. */
export interface PsiReading {
  readonly value: number;
  readonly band: PsiBand;
  /** The 95 % point where nothing changed, for these sizes. A PSI below it says nothing. */
  readonly noiseFloor: number;
  readonly bins: number;
}

/** A number on both sides; null where a side has none. */
export interface BothSides {
  readonly reference: number | null;
  readonly window: number | null;
}

/** Means of both sides, each of the finite values as they are. */
export interface Means extends BothSides {
  /** What a reader has to know: which side has none although it holds values, or leaves infinite ones out; or null. */
  readonly note: string | null;
}

/** The measurements of a column. */
export interface ColumnMeasurement {
  /** At most one of each kind; that of the distribution is always first. */
  readonly hypotheses: readonly [Hypothesis, ...Hypothesis[]];
  readonly psi: PsiReading | null;
  /** Shares of missing values. */
  readonly missing: BothSides;
  /** Null for categories, and under the preset. */
  readonly mean: Means | null;
  /** Standard deviations (ddof 0) of the values that `mean` is of; absent or null where that is. */
  readonly sd?: BothSides | null;
  /**
   * Means of a number clipped to the reference's 0.5 % and 99.5 % quantiles, between which its distance is measured; null
   * for categories, absent under the preset.
   */
  readonly clippedMean?: BothSides | null;
  readonly constant: ConstantSides;
  /** Both sides' shapes; null where there is none to draw, absent where it was not asked for. */
  readonly histogram?: Histogram | null;
}

/** Measures a window's column against its reference; never throws, whatever the column holds. */
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
  const reason = profile?.kind === 'absent' ? profile.reason : 'the window was not counted in this column';
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
    constant: constantSides(numbersHeld(reference.profile), numbersHeld(profile)),
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
    constant: constantSides(cellsHeld(cells.reference), cellsHeld(cells.current)),
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
      `an earlier version profiled the ${side}, without its mean, and its rows cannot be read any more`,
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

const cellsHeld = (counts: Float64Array): number =>
  counts.reduce((held, count) => held + (count > 0 ? 1 : 0), 0);

// Only whether there is none, one or more matters.
function numbersHeld({ minimum, maximum }: NumericProfile): number {
  if (minimum > maximum) return 0;
  return minimum === maximum ? 1 : 2;
}

/** Shares of both sides in the same cells; each side adds up to 1, to four digits. */
interface Histogram {
  /** Lower ends of the cells of a number, in the column's unit; the values of a category. */
  readonly cells: readonly (number | string)[];
  readonly reference: readonly number[];
  readonly window: readonly number[];
}

/** Cells of a numeric column, all equally wide. */
const NUMBER_CELLS = 16;

/** Values of a category column that are shown by name. */
const MAX_CATEGORIES = 12;

/** Name of the cell of all other values; it is not shown where it is empty on both sides. */
const OTHER = '(other values)';

/**
 * The histogram of a number over the reference's clip range, values beyond it in the outermost cells. A bin of the
 * profile counts where the mean of its values lies. Null where a side is empty or the range is one value.
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
 * The histogram of a category over the reference's most frequent values; the rest, values that it has never seen among
 * them, are together. Null where a side is empty.
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
