// Reproduces the verdict of Evidently's drift preset on a window.
import { type FeatureColumn, type Frame, MISSING_CODE } from '../../data/frame.ts';
import { apart } from '../../format-numbers.ts';
import { constantSides } from '../statistics/share-change.ts';
import { type DriftPolicy } from '../drift-policy.ts';
import { notMeasurable } from '../statistics/hypothesis.ts';
import { psiBand, psiNoiseFloor } from '../statistics/psi.ts';
import { histogram, psiEvidentlyOfCounts, sturgesEdges } from '../statistics/psi-evidently.ts';
import { type ColumnVerdict, type DriftVerdict, summariseWindow } from '../verdict.ts';
import { type PsiReading } from '../column-measurement.ts';
import { type EvidentlySignal, measureByEvidently } from './measure-column.ts';
import { countsByValue, distinctValues, type PandasType, type Sample, sampleOf, sizeOf } from './sample.ts';

/** The rows of the reference and of the window: Evidently's statistics need values, not bins. */
export interface Samples {
  readonly reference: Pick<Frame, 'rows' | 'features'>;
  readonly window: Pick<Frame, 'rows' | 'features'>;
  /** The pandas type of each column. @default float for numbers, string for categories */
  readonly types?: Readonly<Record<string, PandasType>>;
  /** Columns that the user declared numeric. @default none */
  readonly namedNumeric?: readonly string[] | undefined;
}

/** Share of drifted columns from which Evidently calls a data set drifted. */
export const EVIDENTLY_SHARE = 0.5;

/** Up to this many distinct reference values, Evidently gives each its own PSI bin. */
const PSI_VALUES = 20;

/**
 * Evaluates a window as Evidently 0.7's DataDriftPreset does: one test per column, chosen by type and size; no
 * adjustment for the number of tests, no minimum effect in addition to a p-value, no minimum number of rows; missing
 * values and infinities are left out; all columns weigh the same. The window is drifted if at least `policy.share` of
 * the columns are (Evidently: 0.5), or if a column that the policy marks as critical has drifted. A column for which
 * Evidently raises an error is not measurable.
 *
 * @example judgeByEvidently({ reference: trainingFrame, window: frame }, { share: 0.5 }).driftedColumns
 */
export function judgeByEvidently(
  { reference, window, types = {}, namedNumeric = [] }: Samples,
  policy: DriftPolicy,
): DriftVerdict {
  const found = new Map(window.features.map((column) => [column.name, column]));
  const columns = reference.features.map((column) =>
    judgeColumn(column, found.get(column.name), { types, namedNumeric }, policy),
  );
  return {
    preset: 'evidently',
    ...summariseWindow(columns, policy.share),
    alpha: 0.05,
    referenceRows: reference.rows,
    windowRows: window.rows,
    columns,
    others: [],
    multivariate: null,
  };
}

function judgeColumn(
  reference: FeatureColumn,
  window: FeatureColumn | undefined,
  { types, namedNumeric }: Required<Pick<Samples, 'types'>> & { readonly namedNumeric: readonly string[] },
  policy: DriftPolicy,
): ColumnVerdict {
  const { name, kind } = reference;
  const critical = policy.critical?.includes(name) ?? false;
  const common = { column: name, type: kind, critical, weight: 1, mean: null } as const;
  if (window?.kind !== kind) {
    const reason =
      window === undefined
        ? 'the column is missing from the window'
        : `the column was ${kind} in the reference and is ${window.kind} in the window`;
    return { ...common, ...absent(name, kind, reason) };
  }
  const [a, b] = [sampleOf(reference), sampleOf(window)];
  const missing = { reference: missingShare(reference), window: missingShare(window) };
  const asked = types[name] ?? (kind === 'numeric' ? 'float' : 'string');
  // pandas stores whole numbers as floating-point if any of them is missing.
  const type = asked === 'int' && missing.window !== 0 ? 'float' : asked;
  const answer = measureByEvidently({
    column: name,
    type,
    isNamedNumeric: namedNumeric.includes(name),
    reference: a,
    current: b,
  });
  const { signal } = answer;
  return {
    ...common,
    status: signal.status,
    reason: signal.reason,
    signals: [signal],
    psi: readPsi(a, b, type),
    missing,
    constant: constantSides(distinctValues([a], 1), distinctValues([b], 1)),
    words: describeSignal(answer),
  };
}

function absent(name: string, kind: 'numeric' | 'category', reason: string) {
  const statistic = kind === 'numeric' ? 'ks' : 'jensenshannon';
  const question = {
    subject: name,
    kind: 'distribution',
    statistic,
    effect: statistic,
    threshold: 0.1,
    referenceSize: 0,
    windowSize: 0,
  } as const;
  return {
    status: 'not measurable',
    reason,
    signals: [{ ...notMeasurable(question, reason), adjustedP: null, status: 'not measurable' }],
    psi: null,
    missing: { reference: null, window: null },
    constant: 'none',
    words: `not measurable: ${reason}`,
  } as const;
}

function missingShare(column: FeatureColumn): number | null {
  const rows = column.kind === 'numeric' ? column.values.length : column.codes.length;
  if (rows === 0) return null;
  let missing = 0;
  if (column.kind === 'numeric') for (const value of column.values) missing += Number(Number.isNaN(value));
  else for (const code of column.codes) missing += Number(code === MISSING_CODE);
  return missing / rows;
}

function readPsi(reference: Sample, current: Sample, type: PandasType): PsiReading | null {
  const [n, m] = [sizeOf(reference), sizeOf(current)];
  if (n === 0 || m === 0) return null;
  const counts = psiCells(reference, current, type);
  if (counts === null || counts.reference.length < 2) return null;
  const bins = counts.reference.length;
  const value = psiEvidentlyOfCounts(counts.reference, counts.current);
  return { value, band: psiBand(value), noiseFloor: psiNoiseFloor(n, m, bins), bins };
}

function psiCells(reference: Sample, current: Sample, type: PandasType) {
  if (reference.kind !== 'numeric' || current.kind !== 'numeric') return countsByValue(reference, current);
  if (distinctValues([reference], PSI_VALUES) <= PSI_VALUES) return countsByValue(reference, current);
  const edges = sturgesEdges(reference.values, current.values, { integers: type === 'int' });
  return (
    edges && { reference: histogram(edges, reference.values), current: histogram(edges, current.values) }
  );
}

function describeSignal({ test, signal }: EvidentlySignal): string {
  if (test === null || signal.status === 'not measurable')
    return `not measurable: ${signal.reason ?? 'nothing to compare'}`;
  const score = test.compares === 'p-value' ? signal.pValue : signal.value;
  const side = signal.status === 'drifted' ? test.driftWhen : opposite[test.driftWhen];
  const [read = '', threshold = ''] = apart([score ?? 0, test.threshold]);
  return `${signal.status}: ${test.displayName} ${read}, ${side} ${threshold}`;
}

const opposite = { below: 'at least', 'at most': 'above', 'at least': 'below' } as const;
