// The verdict on a window: which columns drifted, and whether that is enough.
import { type BothSides, type ColumnMeasurement, measureColumn } from './column-measurement.ts';
import { columnPolicy, DEFAULT_ALPHA, type DriftPolicy } from './drift-policy.ts';
import { type DriftStatus, judgeFamily, type SignalVerdict } from './statistics/family.ts';
import { type ColumnReference, type FeatureReference } from '../data/profile/feature-reference.ts';
import { type Hypothesis } from './statistics/hypothesis.ts';
import {
  type DomainClassification,
  multivariateChange,
  multivariateInWords,
} from './multivariate/domain-classifier.ts';
import { type WindowProfile } from '../data/profile/window-profile.ts';
import { apart, percent, percents, rounded } from '../numbers-in-words.ts';

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

const EFFECT_NAMES: Partial<Record<SignalVerdict['effect'], string>> = {
  wasserstein: 'distance in standard deviations',
  jensenshannon: 'Jensen-Shannon distance',
  constant: 'surely differing share',
  psi: 'PSI',
};

/** What the words are made of beside the signals. */
type MeasuredFacts = Pick<ColumnMeasurement, 'missing' | 'mean' | 'clippedMean' | 'constant'>;

/**
 * What a column's verdict rests on, in words.
 *
 * @param alpha bound of the adjusted p-values
 * @example 'drifted: mean 7.07 → 500123, distance in standard deviations 2.31, at or above 0.1 (adjusted p 3e-9)'
 */
export function columnWords(
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
    return `${share} of the rows hold values that the reference has never seen`;
  }
  return [...meansInWords(facts), evidence(signal, alpha)].join(', ');
}

/** The means, and the clipped ones if the true ones are not known or moved another way than the distance says. */
function meansInWords({ mean, clippedMean }: MeasuredFacts): string[] {
  if (!mean) return [];
  const means = moved('mean', mean.reference, mean.window);
  const clipped = clippedMean ? moved('clipped mean', clippedMean.reference, clippedMean.window) : null;
  const isAlike = clippedMean && directionOf(mean) === directionOf(clippedMean);
  const isKnown = mean.reference !== null && mean.window !== null;
  if (!isKnown) {
    const left = mean.note === null ? [] : [`the mean is left out: ${mean.note}`];
    return clipped === null ? left : [clipped, ...left];
  }
  const noted = means !== null && mean.note !== null ? `${means} (${mean.note})` : means;
  return [noted, isAlike ? null : clipped].filter((words) => words !== null);
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
  if (constant === 'both') return ['each side holds one value only'];
  return [`the ${constant} holds one value only`];
}

function certainty({ adjustedP }: SignalVerdict, alpha: number): string {
  if (adjustedP === null) return 'judged by its lower bound';
  // Far below the least number it is 0, which no p-value is.
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

/** The part of a verdict that follows from its columns and the policy's share. */
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

/** What was judged beside the columns. */
interface Beside {
  readonly others: readonly SignalVerdict[];
  readonly multivariate: DomainClassification | null;
}

const NOTHING: Beside = { others: [], multivariate: null };

/**
 * Drifted when at least `threshold` of the columns by weight are, with at least one, when a critical one is, or when all
 * columns together are; not measurable when nothing of that is.
 *
 * @example summariseWindow(columns, 0.3).drifted
 */
export function summariseWindow(
  columns: readonly ColumnVerdict[],
  threshold: number,
  { others, multivariate }: Beside = NOTHING,
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
      windowWords(columns, share, threshold),
      ...(multivariate && together === 'drifted'
        ? [`all columns together drifted: ${multivariateInWords(multivariate, { columns, others })}`]
        : []),
    ].join('; '),
  };
}

const withStatus = (columns: readonly ColumnVerdict[], asked: DriftStatus): ColumnVerdict[] =>
  columns.filter(({ status }) => status === asked);

const names = (columns: readonly ColumnVerdict[]): string[] => columns.map(({ column }) => column);

const weigh = (columns: readonly ColumnVerdict[]): number =>
  columns.reduce((sum, { weight }) => sum + weight, 0);

function windowWords(columns: readonly ColumnVerdict[], share: number, threshold: number): string {
  const named = (of: readonly ColumnVerdict[]): string => names(of).join(', ');
  const drifted = withStatus(columns, 'drifted');
  const critical = drifted.filter((column) => column.critical);
  const unmeasured = withStatus(columns, 'not measurable');
  const parts: string[] = [];
  if (drifted.length === 0) {
    parts.push(`no column drifted, of ${columns.length}`);
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
