// The verdict on a window: which columns drifted, and whether that makes the window drifted.
import { type BothSides, type ColumnMeasurement, measureColumn } from './column-measurement.ts';
import { columnPolicy, DEFAULT_ALPHA, type DriftPolicy } from './drift-policy.ts';
import { type DriftStatus, judgeFamily, type SignalVerdict } from './statistics/family.ts';
import { type ColumnReference, type FeatureReference } from '../data/profile/feature-reference.ts';
import { type Hypothesis } from './statistics/hypothesis.ts';
import {
  type DomainClassification,
  multivariateChange,
  describeMultivariate,
} from './multivariate/domain-classifier.ts';
import { type WindowProfile } from '../data/profile/window-profile.ts';
import { apart, percent, percents, rounded } from '../format-numbers.ts';

/** The verdict on a column, with all the measurements behind it. */
export interface ColumnVerdict extends Omit<ColumnMeasurement, 'hypotheses'> {
  readonly column: string;
  readonly type: 'numeric' | 'category';
  /**
   * Drifted if any signal drifted; not measurable if the distribution is not measurable and no other signal drifted.
   */
  readonly status: DriftStatus;
  /** Why it is not measurable; null if it is measurable. */
  readonly reason: string | null;
  readonly critical: boolean;
  readonly weight: number;
  /** Distribution first, then new categories and missing values. */
  readonly signals: readonly SignalVerdict[];
  /** The verdict in one line. */
  readonly words: string;
}

/** The verdict on a window; plain JSON, every number finite. */
export interface DriftVerdict {
  /** The preset whose tests and rules were applied; null for Tidegate's own. */
  readonly preset: 'evidently' | null;
  /** Not measurable if no column could be measured, and the domain classifier could not either. */
  readonly status: DriftStatus;
  readonly drifted: boolean;
  /** Weighted share of all columns that drifted, and the policy's threshold for it. */
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
  /** Verdicts on the hypotheses that are not about a single column; they do not count in the share. */
  readonly others: readonly SignalVerdict[];
  /** How well all columns together distinguish the window from the reference; null if not measured. */
  readonly multivariate: DomainClassification | null;
  /** The verdict in one sentence. */
  readonly reason: string;
}

/**
 * Evaluates a window against a reference. All p-values, including those of `others`, are adjusted together. A column
 * that cannot be measured is reported as not measurable and never counts as stable.
 *
 * @param others further hypotheses of the same report, such as label or prediction drift. @default none
 * @param multivariate result of the domain classifier, evaluated as one more hypothesis. @default not measured
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

  const otherVerdicts = verdicts.slice(next);
  return {
    preset: null,
    ...summariseWindow(columns, policy.share, { others: otherVerdicts, multivariate }),
    alpha,
    referenceRows: reference.rows,
    windowRows: profile.rows,
    columns,
    others: otherVerdicts,
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
    words: describeColumn(status, reason, signals, facts, policy.alpha),
  };
}

const EFFECT_NAMES: Partial<Record<SignalVerdict['effect'], string>> = {
  wasserstein: 'distance in standard deviations',
  jensenshannon: 'Jensen-Shannon distance',
  constant: 'share of differing values',
  psi: 'PSI',
};

/** The measurements that a column's description quotes, in addition to its signals. */
type MeasuredFacts = Pick<ColumnMeasurement, 'missing' | 'mean' | 'clippedMean' | 'constant'>;

/**
 * Describes a column's verdict and the numbers behind it in one line.
 *
 * @param alpha significance level of the adjusted p-values
 * @example 'drifted: mean 7.07 → 500123, distance in standard deviations 2.31, at or above 0.1 (adjusted p 3e-9)'
 */
export function describeColumn(
  status: DriftStatus,
  reason: string | null,
  signals: readonly SignalVerdict[],
  facts: MeasuredFacts,
  alpha: number,
): string {
  if (status === 'not measurable') return `not measurable: ${reason ?? 'nothing to compare'}`;
  const notes = constantNote(facts);
  if (status === 'drifted') {
    const causes = signals.filter((signal) => signal.status === 'drifted');
    return `drifted: ${[...causes.map((signal) => cause(signal, facts, alpha)), ...notes].join('; ')}`;
  }
  const [distribution] = signals;
  return `stable: ${[...(distribution === undefined ? [] : [evidence(distribution, alpha)]), ...notes].join('; ')}`;
}

function cause(signal: SignalVerdict, facts: MeasuredFacts, alpha: number): string {
  if (signal.kind === 'missing') {
    const { reference, window } = facts.missing;
    return `missing values ${shares(reference, window)} (${certainty(signal, alpha)})`;
  }
  if (signal.kind === 'new category') {
    const share = signal.value === null ? 'an unknown share' : percent(signal.value);
    return `${share} of the rows have values that never occur in the reference`;
  }
  return [...describeMeans(facts), evidence(signal, alpha)].join(', ');
}

/** Describes the means; adds the clipped means if the true ones are unknown or moved in the opposite direction. */
function describeMeans({ mean, clippedMean }: MeasuredFacts): string[] {
  if (!mean) return [];
  const means = moved('mean', mean.reference, mean.window);
  const clipped = clippedMean ? moved('clipped mean', clippedMean.reference, clippedMean.window) : null;
  const isAlike = clippedMean && directionOf(mean) === directionOf(clippedMean);
  const isKnown = mean.reference !== null && mean.window !== null;
  if (!isKnown) {
    const note = mean.note === null ? [] : [`the mean is not shown: ${mean.note}`];
    return clipped === null ? note : [clipped, ...note];
  }
  const noted = means !== null && mean.note !== null ? `${means} (${mean.note})` : means;
  return [noted, isAlike ? null : clipped].filter((text) => text !== null);
}

function moved(name: string, from: number | null, to: number | null): string | null {
  if (from === null || to === null || from === to) return null;
  const [before = '', after = ''] = apart([from, to]);
  return `${name} ${before === after ? `${before}, unchanged` : `${before} → ${after}`}`;
}

const directionOf = ({ reference, window }: BothSides): number => Math.sign((window ?? 0) - (reference ?? 0));

function evidence(signal: SignalVerdict, alpha: number): string {
  const size = signal.effectSize ?? 0;
  const side = size >= signal.threshold ? 'at or above' : 'below';
  const name = EFFECT_NAMES[signal.effect] ?? signal.effect;
  const [measured = '', bound = ''] = apart([size, signal.threshold]);
  return `${name} ${measured}, ${side} ${bound} (${certainty(signal, alpha)})`;
}

function constantNote({ constant }: MeasuredFacts): string[] {
  if (constant === 'none') return [];
  if (constant === 'both') return ['both sides contain a single value'];
  return [`the ${constant} contains a single value`];
}

function certainty({ adjustedP }: SignalVerdict, alpha: number): string {
  if (adjustedP === null) return 'lower bound, without a p-value';
  // A p-value is never 0: this one is too small for a double.
  if (adjustedP === 0) return 'adjusted p <1e-300';
  return `adjusted p ${adjustedP < alpha / 2 ? rounded(adjustedP) : apart([adjustedP, alpha])[0]}`;
}

function shares(reference: number | null, window: number | null): string {
  const known = [reference, window].filter((share) => share !== null);
  const texts = percents(known);
  const text = (share: number | null): string =>
    share === null ? 'unknown' : (texts[known.indexOf(share)] ?? '');
  return `${text(reference)} → ${text(window)}`;
}

/** The part of a verdict that follows from its columns and the policy's share of drifted columns. */
type WindowSummary = Pick<
  DriftVerdict,
  | 'status'
  | 'drifted'
  | 'share'
  | 'threshold'
  | 'driftedColumns'
  | 'criticalColumns'
  | 'notMeasurable'
  | 'reason'
>;

/** Verdicts that are not about a single column. */
interface OtherVerdicts {
  readonly others: readonly SignalVerdict[];
  readonly multivariate: DomainClassification | null;
}

const NOTHING: OtherVerdicts = { others: [], multivariate: null };

/**
 * Summarises the verdicts of a window. The window is drifted if a critical column drifted, if at least one column
 * drifted and the weighted share of drifted columns reaches `threshold`, or if the domain classifier over all columns
 * together found drift. It is not measurable if neither any single column nor all columns together could be measured.
 *
 * @example summariseWindow(columns, 0.3).drifted
 */
export function summariseWindow(
  columns: readonly ColumnVerdict[],
  threshold: number,
  { others, multivariate }: OtherVerdicts = NOTHING,
): WindowSummary {
  const together = others.find(({ kind }) => kind === 'multivariate')?.status ?? 'not measurable';
  const drifted = withStatus(columns, 'drifted');
  const unmeasured = withStatus(columns, 'not measurable');
  const critical = drifted.filter((column) => column.critical);
  const weight = weigh(columns);
  const share = weight > 0 ? weigh(drifted) / weight : 0;
  const enough = critical.length > 0 || (drifted.length > 0 && share >= threshold) || together === 'drifted';
  const nothingMeasured = unmeasured.length === columns.length && together === 'not measurable';
  return {
    status: enough ? 'drifted' : nothingMeasured ? 'not measurable' : 'stable',
    drifted: enough,
    share,
    threshold,
    driftedColumns: names(drifted),
    criticalColumns: names(critical),
    notMeasurable: names(unmeasured),
    reason: [
      describeWindow(columns, share, threshold),
      ...(multivariate && together === 'drifted'
        ? [`all columns together drifted: ${describeMultivariate(multivariate, { columns, others })}`]
        : []),
    ].join('; '),
  };
}

const withStatus = (columns: readonly ColumnVerdict[], wanted: DriftStatus): ColumnVerdict[] =>
  columns.filter(({ status }) => status === wanted);

const names = (columns: readonly ColumnVerdict[]): string[] => columns.map(({ column }) => column);

const weigh = (columns: readonly ColumnVerdict[]): number =>
  columns.reduce((sum, { weight }) => sum + weight, 0);

function describeWindow(columns: readonly ColumnVerdict[], share: number, threshold: number): string {
  const named = (of: readonly ColumnVerdict[]): string => names(of).join(', ');
  const drifted = withStatus(columns, 'drifted');
  const critical = drifted.filter((column) => column.critical);
  const unmeasured = withStatus(columns, 'not measurable');
  const parts: string[] = [];
  if (drifted.length === 0) {
    parts.push(`none of ${columns.length} columns drifted`);
  } else {
    const side = share >= threshold ? 'at or above' : 'below';
    const [found = '', bound = ''] = apart([share, threshold]);
    const weighted = `weighted share ${found}, ${side} ${bound}`;
    parts.push(`${drifted.length} of ${columns.length} columns drifted (${named(drifted)}): ${weighted}`);
  }
  if (critical.length > 0) parts.push(`critical: ${named(critical)}`);
  if (unmeasured.length > 0) parts.push(`not measurable: ${named(unmeasured)}`);
  return parts.join('; ');
}
