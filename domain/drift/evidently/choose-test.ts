// Evidently's choice of a test for a column, by its type, its size and its distinct values.
import { type StatisticName } from '../statistics.ts';
import { distinctValues, type PandasType, type Sample, sizeOf } from './sample.ts';

/** What is known of a column's type. */
export interface ColumnTypes {
  readonly type: PandasType;
  /** Whether a person named it numeric, as Evidently's DataDefinition does: whole numbers of few values are then no category. */
  readonly isNamedNumeric?: boolean | undefined;
}

/** A test as Evidently applies it: what is compared with its threshold, and on which side there is drift. */
export interface EvidentlyTest {
  readonly statistic: StatisticName;
  readonly judges: 'p-value' | 'value';
  readonly driftWhen: 'below' | 'at most' | 'at least';
  readonly threshold: number;
  /** Its name in Evidently's reports. */
  readonly displayName: string;
}

const KS = {
  statistic: 'ks',
  judges: 'p-value',
  // The other tests ask for less than the threshold; this one drifts at it, too.
  driftWhen: 'at most',
  threshold: 0.05,
  displayName: 'K-S p_value',
} as const satisfies EvidentlyTest;

const Z = {
  statistic: 'z',
  judges: 'p-value',
  driftWhen: 'below',
  threshold: 0.05,
  displayName: 'Z-test p_value',
} as const satisfies EvidentlyTest;

const CHI_SQUARE = {
  statistic: 'chisquare_evidently',
  judges: 'p-value',
  driftWhen: 'below',
  threshold: 0.05,
  displayName: 'chi-square p_value',
} as const satisfies EvidentlyTest;

const WASSERSTEIN = {
  statistic: 'wasserstein_evidently',
  judges: 'value',
  driftWhen: 'at least',
  threshold: 0.1,
  displayName: 'Wasserstein distance (normed)',
} as const satisfies EvidentlyTest;

const JENSEN_SHANNON = {
  statistic: 'jensenshannon',
  judges: 'value',
  driftWhen: 'at least',
  threshold: 0.1,
  displayName: 'Jensen-Shannon distance',
} as const satisfies EvidentlyTest;

/** Reference rows up to which a hypothesis is tested, and above which a distance is measured. */
const SMALL_REFERENCE = 1_000;
/** Distinct values up to which a number is tested as a category is. */
const FEW_VALUES = 5;
/** Distinct values up to which whole numbers are a category. */
const FEW_INTEGERS = 10;

/**
 * The test that Evidently 0.7 chooses where none is named; k are the distinct values of both sides, n the reference's
 * rows with a value. n ≤ 1,000: numbers KS (k > 5), else χ² (k > 2) or z; categories χ² (k > 2) or z. n > 1,000: numbers
 * Wasserstein (k > 5), else Jensen-Shannon; categories Jensen-Shannon.
 *
 * @example chooseTest(reference, current, { type: 'float' }).statistic // 'wasserstein_evidently'
 */
export function chooseTest(
  reference: Sample,
  current: Sample,
  { type, isNamedNumeric = false }: ColumnTypes,
): EvidentlyTest {
  const distinct = distinctValues([reference, current], FEW_VALUES);
  const isNumber = (isNamedNumeric || isNumerical(current, type)) && distinct > FEW_VALUES;
  if (sizeOf(reference) > SMALL_REFERENCE) return isNumber ? WASSERSTEIN : JENSEN_SHANNON;
  if (isNumber) return KS;
  return distinct > 2 ? CHI_SQUARE : Z;
}

/** Without a name Evidently goes by the current side: whole numbers of few values are a category to it. */
const isNumerical = (current: Sample, type: PandasType): boolean =>
  current.kind === 'numeric' && !(type === 'int' && distinctValues([current], FEW_INTEGERS) <= FEW_INTEGERS);
