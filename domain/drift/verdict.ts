// The verdict on a window: which columns drifted, and whether that is enough.
import { measureColumn, type ColumnMeasurement } from './column-measurement.ts';
import { columnWords } from './column-words.ts';
import { columnPolicy, DEFAULT_ALPHA, type DriftPolicy } from './drift-policy.ts';
import { judgeFamily, type DriftStatus, type SignalVerdict } from './family.ts';
import type { ColumnReference, FeatureReference } from './feature-reference.ts';
import type { Hypothesis } from './hypothesis.ts';
import { type DomainClassification } from './multivariate/domain-classifier.ts';
import { multivariateChange } from './multivariate/multivariate-change.ts';
import { summariseWindow } from './summarise-window.ts';
import type { WindowProfile } from './window-profile.ts';

/** The verdict on a column, with all that it rests on. */
export interface ColumnVerdict extends Omit<ColumnMeasurement, 'hypotheses'> {
  readonly column: string;
  readonly type: 'numeric' | 'category';
  /** Drifted when any signal is; not measurable when the distribution is not and no other signal drifted. */
  readonly status: DriftStatus;
  /** Why it is not measurable; null where it is. */
  readonly reason: string | null;
  readonly critical: boolean;
  readonly weight: number;
  /** The distribution first, then new categories and missing values. */
  readonly signals: readonly SignalVerdict[];
  /** The verdict in one line. */
  readonly words: string;
}

/** The verdict on a window; plain JSON, every number finite. */
export interface DriftVerdict {
  /** Whose tests and rules were applied; null for Tidegate's own. */
  readonly preset: 'evidently' | null;
  /** Not measurable when no column is. */
  readonly status: DriftStatus;
  readonly drifted: boolean;
  /** Weighted share of all columns that drifted, and the policy's bound of it. */
  readonly share: number;
  readonly threshold: number;
  readonly alpha: number;
  readonly referenceRows: number;
  readonly windowRows: number;
  readonly driftedColumns: readonly string[];
  /** Critical columns that drifted. */
  readonly criticalColumns: readonly string[];
  readonly notMeasurable: readonly string[];
  readonly columns: readonly ColumnVerdict[];
  /** Verdicts on the hypotheses given beside the columns; they have no part in the share. */
  readonly others: readonly SignalVerdict[];
  /** How well all columns together tell the window from the reference; null where it was not asked. */
  readonly multivariate: DomainClassification | null;
  /** The verdict in one sentence. */
  readonly reason: string;
}

/**
 * Judges a window against a reference. All p-values, those of `others` among them, are adjusted together. A column
 * that cannot be measured is said so; it is never counted as stable.
 *
 * @param others further hypotheses of the same report, such as label or prediction drift. @default none
 * @param multivariate what the domain classifier found, judged as one more hypothesis. @default not asked
 * @example judgeWindow(reference, profileWindow(reference, frame), { share: 0.05 }).driftedColumns
 */
export function judgeWindow(
  reference: FeatureReference,
  profile: WindowProfile,
  policy: DriftPolicy,
  others: readonly Hypothesis[] = [],
  multivariate: DomainClassification | null = null,
): DriftVerdict {
  const { alpha = DEFAULT_ALPHA } = policy;
  const profiles = new Map(profile.columns.map((column) => [column.name, column]));
  const measurements = reference.columns.map((column) =>
    measureColumn(column, profiles.get(column.name), columnPolicy(policy, column.name)),
  );
  const together = multivariate ? [multivariateChange(multivariate, policy.multivariate)] : [];
  const verdicts = judgeFamily(
    [...measurements.flatMap(({ hypotheses }) => hypotheses), ...others, ...together],
    alpha,
  );
  let next = 0;
  const columns = reference.columns.map((column, index) => {
    const measurement = measurements[index] as ColumnMeasurement;
    const signals = verdicts.slice(next, (next += measurement.hypotheses.length));
    return judgeColumn(column, measurement, signals, { ...policy, alpha });
  });

  const beside = verdicts.slice(next);
  return {
    preset: null,
    ...summariseWindow(columns, policy.share, { others: beside, multivariate }),
    alpha,
    referenceRows: reference.rows,
    windowRows: profile.rows,
    columns,
    others: beside,
    multivariate,
  };
}

function judgeColumn(
  { name, kind }: ColumnReference,
  { hypotheses: _, ...facts }: ColumnMeasurement,
  signals: readonly SignalVerdict[],
  policy: DriftPolicy & { readonly alpha: number },
): ColumnVerdict {
  const [distribution] = signals;
  const hasDrifted = signals.some((signal) => signal.status === 'drifted');
  const status = hasDrifted ? 'drifted' : (distribution?.status ?? 'not measurable');
  const reason = status === 'not measurable' ? (distribution?.reason ?? null) : null;
  return {
    column: name,
    type: kind,
    status,
    reason,
    critical: policy.critical?.includes(name) ?? false,
    weight: policy.weights?.[name] ?? 1,
    signals,
    ...facts,
    words: columnWords(status, reason, signals, facts, policy.alpha),
  };
}
