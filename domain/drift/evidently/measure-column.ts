// Measures one column as Evidently does: chooses its test, computes the score and decides.
import { chiSquareEvidentlyTest } from '../statistics/chi-square-evidently.ts';
import { type SignalVerdict } from '../statistics/family.ts';
import { directionOf, measured, notMeasurable, type Question } from '../statistics/hypothesis.ts';
import { momentsOf } from '../../data/math/moments.ts';
import { jensenShannonDistance, jensenShannonNoiseFloor } from '../statistics/jensen-shannon.ts';
import { ksTest } from '../statistics/ks.ts';
import { twoProportionZ } from '../statistics/two-proportion-z.ts';
import { wassersteinEvidentlyDistance } from '../statistics/wasserstein-evidently.ts';
import { countsByValue, distinctValues, type PandasType, type Sample, sizeOf } from './sample.ts';
import { type StatisticName } from '../statistics/statistic.ts';

/** A column's signal, with the test that Evidently chooses for it; `test` is null if Evidently chooses none. */
export interface EvidentlySignal {
  readonly test: EvidentlyTest | null;
  readonly signal: SignalVerdict;
}

/** A column's values in the reference and in the current window, before a test is chosen for it. */
export interface EvidentlyQuestion extends ColumnTypes {
  readonly column: string;
  readonly reference: Sample;
  readonly current: Sample;
}

/**
 * Compares a column's values with the test that Evidently chooses. P-values are not adjusted; a distance decides
 * without a p-value. The column is not measurable if Evidently would raise an error or treat it as free text.
 *
 * @example measureByEvidently({ column: 'hours', type: 'float', reference, current }).signal.status
 */
export function measureByEvidently(question: EvidentlyQuestion): EvidentlySignal {
  const { column, type, reference, current } = question;
  const [n, m] = [sizeOf(reference), sizeOf(current)];
  const reason = n === 0 ? 'the reference has no values' : m === 0 ? 'the window has no values' : null;
  if (reason !== null || isText(current, type)) {
    const statistic = current.kind === 'numeric' ? 'ks' : 'jensenshannon';
    const asked = questionOf(column, statistic, 0.1, n, m);
    return { test: null, signal: refused(asked, reason ?? TEXT) };
  }
  const test = chooseTest(reference, current, question);
  const asked = questionOf(column, test.statistic, test.threshold, n, m);
  const scored = scoreOf(test, reference, current);
  if (scored === null) return { test, signal: refused(asked, 'the distance or the spread overflows') };
  const { value, pValue } = scored;
  const score = pValue ?? value;
  return {
    test,
    signal: {
      ...measured(asked, {
        // The value is infinite if the p-value is 0; only finite values are stored.
        ...(value !== null && Number.isFinite(value) && { value }),
        ...(pValue !== null && { pValue }),
        ...(test.compares === 'value' && value !== null && { effectSize: value }),
        noiseFloor: noiseFloorOf(test, reference, current),
        direction: directionOfChange(reference, current),
      }),
      adjustedP: pValue,
      status: score !== null && hasDrifted(test, score) ? 'drifted' : 'stable',
    },
  };
}

const TEXT =
  'more than half of the texts are distinct: Evidently would treat the column as free text, which is not measured here';

/** Evidently treats a text column as free text if more than half of its values are distinct. */
const isText = (current: Sample, type: PandasType): boolean =>
  type === 'string' && current.kind === 'category' && current.counts.size > current.size * 0.5;

const questionOf = (
  column: string,
  statistic: EvidentlyTest['statistic'],
  threshold: number,
  referenceSize: number,
  windowSize: number,
): Question => ({
  subject: column,
  kind: 'distribution',
  statistic,
  effect: statistic,
  threshold,
  referenceSize,
  windowSize,
});

const refused = (question: Question, reason: string): SignalVerdict => ({
  ...notMeasurable(question, reason),
  adjustedP: null,
  status: 'not measurable',
});

function scoreOf(
  { statistic }: EvidentlyTest,
  reference: Sample,
  current: Sample,
): { readonly value: number | null; readonly pValue: number | null } | null {
  if (reference.kind === 'numeric' && current.kind === 'numeric') {
    if (statistic === 'ks') {
      const test = ksTest(reference.values, current.values);
      return test && { value: test.d, pValue: test.pValue };
    }
    if (statistic === 'wasserstein_evidently') {
      const value = wassersteinEvidentlyDistance(reference.values, current.values);
      return value === null ? null : { value, pValue: null };
    }
  }
  const counts = countsByValue(reference, current);
  if (statistic === 'jensenshannon')
    return { value: jensenShannonDistance(counts.reference, counts.current), pValue: null };
  if (statistic === 'chisquare_evidently') return chiSquareEvidentlyTest(counts.reference, counts.current);
  // There are at most two values, so compare the share of one; which one does not change the two-sided p-value.
  const { z, pValue } = twoProportionZ(
    { hits: counts.reference[0] ?? 0, size: sizeOf(reference) },
    { hits: counts.current[0] ?? 0, size: sizeOf(current) },
  );
  return { value: z, pValue };
}

function hasDrifted({ driftWhen, threshold }: EvidentlyTest, score: number): boolean {
  if (driftWhen === 'at least') return score >= threshold;
  return driftWhen === 'at most' ? score <= threshold : score < threshold;
}

function noiseFloorOf({ statistic }: EvidentlyTest, reference: Sample, current: Sample): number | null {
  if (statistic !== 'jensenshannon') return null;
  const cells = countsByValue(reference, current).reference.length;
  return cells < 2 ? 0 : jensenShannonNoiseFloor(sizeOf(reference), sizeOf(current), cells);
}

function directionOfChange(reference: Sample, current: Sample): 'up' | 'down' | 'none' {
  if (reference.kind !== 'numeric' || current.kind !== 'numeric') return 'none';
  return directionOf(momentsOf(current.values).mean - momentsOf(reference.values).mean);
}

/** What is known about a column's type. */
interface ColumnTypes {
  readonly type: PandasType;
  /** Whether the user declared it numeric, as in Evidently's DataDefinition; it is then never treated as a category. */
  readonly isNamedNumeric?: boolean | undefined;
}

/** A test as Evidently applies it: what is compared with the threshold, and whether drift is above or below it. */
interface EvidentlyTest {
  readonly statistic: StatisticName;
  readonly compares: 'p-value' | 'value';
  readonly driftWhen: 'below' | 'at most' | 'at least';
  readonly threshold: number;
  /** Its name in Evidently's reports. */
  readonly displayName: string;
}

const KS = {
  statistic: 'ks',
  compares: 'p-value',
  // Unlike the other p-value tests, this one also counts a p-value equal to the threshold as drift.
  driftWhen: 'at most',
  threshold: 0.05,
  displayName: 'K-S p_value',
} as const satisfies EvidentlyTest;

const Z = {
  statistic: 'z',
  compares: 'p-value',
  driftWhen: 'below',
  threshold: 0.05,
  displayName: 'Z-test p_value',
} as const satisfies EvidentlyTest;

const CHI_SQUARE = {
  statistic: 'chisquare_evidently',
  compares: 'p-value',
  driftWhen: 'below',
  threshold: 0.05,
  displayName: 'chi-square p_value',
} as const satisfies EvidentlyTest;

const WASSERSTEIN = {
  statistic: 'wasserstein_evidently',
  compares: 'value',
  driftWhen: 'at least',
  threshold: 0.1,
  displayName: 'Wasserstein distance (normed)',
} as const satisfies EvidentlyTest;

const JENSEN_SHANNON = {
  statistic: 'jensenshannon',
  compares: 'value',
  driftWhen: 'at least',
  threshold: 0.1,
  displayName: 'Jensen-Shannon distance',
} as const satisfies EvidentlyTest;

/** Up to this many reference rows Evidently tests a hypothesis; above, it measures a distance. */
const SMALL_REFERENCE = 1_000;

/** Up to this many distinct values, a number is tested like a category. */
const FEW_VALUES = 5;

/** Up to this many distinct values, whole numbers are a category. */
const FEW_INTEGERS = 10;

/**
 * Returns the test that Evidently 0.7 chooses by default. k is the number of distinct values in reference and window
 * together, n the number of reference rows with a value. n ≤ 1,000: numbers KS (k > 5), else χ² (k > 2) or z;
 * categories χ² (k > 2) or z. n > 1,000: numbers Wasserstein (k > 5), else Jensen-Shannon; categories Jensen-Shannon.
 *
 * @example chooseTest(reference, current, { type: 'float' }).statistic // 'wasserstein_evidently'
 */
function chooseTest(
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

/**
 * Evidently decides the type by the values of the current window: whole numbers with few distinct values are a
 * category.
 */
const isNumerical = (current: Sample, type: PandasType): boolean =>
  current.kind === 'numeric' && !(type === 'int' && distinctValues([current], FEW_INTEGERS) <= FEW_INTEGERS);
