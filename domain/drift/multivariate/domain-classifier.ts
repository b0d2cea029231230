// Tests whether all columns together distinguish the window from the reference, even if no single column drifted.
import { type Failed } from '../../judgements.ts';
import { aucInterval } from '../../data/math/auc.ts';
import { singleDelong } from '../../data/math/delong.ts';
import { type Interval, formatInterval } from '../../data/math/interval.ts';
import { type Statistic } from '../statistics/statistic.ts';
import { outOfFold } from './fit-balanced.ts';
import { poolRows, type SideRows } from './pooled-rows.ts';
import { termsOf } from './terms.ts';
import { fixed, rounded } from '../../format-numbers.ts';
import { normalSurvival } from '../../data/math/special-functions.ts';
import { type DriftStatus, type SignalVerdict } from '../statistics/family.ts';
import { type Hypothesis, measured, notMeasurable } from '../statistics/hypothesis.ts';
import { wasserstein } from '../statistics/wasserstein.ts';

/**
 * Domain classifier.
 *
 * Columns: any, all together. Direction: drift when the lower end of the AUC's interval exceeds 0.5 by at least 0.05;
 * the threshold is higher for more than three columns (`togetherThreshold`).
 * Formula: a penalised logistic regression learns to distinguish rows of the window from rows of the reference. Its
 * terms are midranks, levels, missing-value indicators, squares, and products of two columns. Each fifth of the
 * entities is scored by a regression fitted on the others. The AUC of those scores is 0.5 if nothing changed, and 1 if
 * window and reference can be separated perfectly. Its interval is DeLong's, clustered by entity.
 * Source: Lopez-Paz and Oquab 2017 (classifier two-sample tests); Obuchowski 1997.
 *
 * @example domainClassifier(reference, window, { seed: 1 }).auc // { value: 0.61, low: 0.6, high: 0.62 }
 */
export const domainClassifierTest = {
  name: 'domain_classifier',
  columns: 'any',
  compares: 'value',
  driftWhen: 'at least',
  threshold: 0.05,
} as const satisfies Statistic;

/** A column and how much it contributes to distinguishing the window from the reference. */
export interface ContributingColumn {
  readonly column: string;
  /** The AUC less the AUC of the same scores without the column's terms. */
  readonly loss: number;
}

/** How well the rows of the window can be distinguished from those of the reference. */
export interface DomainClassification {
  /** Null if the reference or the window has fewer than 50 entities, or if no column has two values. */
  readonly auc: Interval | null;
  /** Why there is no AUC; null if there is one. */
  readonly reason: string | null;
  /** Set if the classifier was due but failed; absent if it ran, or if there are too few rows. */
  readonly failed?: Failed;
  /** The columns that contribute most, in descending order; at most five. */
  readonly columns: readonly ContributingColumn[];
  /** Columns that could not be compared. */
  readonly leftOut: readonly string[];
  readonly referenceRows: number;
  readonly windowRows: number;
  /** Number of terms: columns, squares, levels, missing-value indicators and products. */
  readonly terms: number;
  /** Number of columns that were compared; absent in results stored before it was counted. */
  readonly compared?: number | undefined;
}

/** Minimum number of entities needed in the reference and in the window. */
const MIN_CLUSTERS = 50;
const MAX_COLUMNS = 5;
/** A column with a smaller loss is not listed. */
const MIN_LOSS = 0.005;

/** Learns to distinguish the window from the reference. The same rows and seed give the same result. Never throws. */
export function domainClassifier(
  reference: SideRows,
  window: SideRows,
  { seed }: { readonly seed: number },
): DomainClassification {
  const pooled = poolRows(reference, window);
  const { labels, clusters, columns, leftOut } = pooled;
  const sizes = { referenceRows: reference.rows, windowRows: window.rows, leftOut };
  const notMeasured = (reason: string): DomainClassification => ({
    ...sizes,
    auc: null,
    reason,
    columns: [],
    terms: 0,
  });
  const [before, after] = [0, 1].map(
    (side) => new Set(clusters.filter((_, row) => labels[row] === side)).size,
  );
  if ((before ?? 0) < MIN_CLUSTERS)
    return notMeasured(`${before} entities in the reference, ${MIN_CLUSTERS} are needed`);
  if ((after ?? 0) < MIN_CLUSTERS)
    return notMeasured(`${after} entities in the window, ${MIN_CLUSTERS} are needed`);
  const terms = termsOf(pooled, seed);
  if (terms.single.length === 0)
    return notMeasured('no column has two values that are common enough to compare');

  const { scores, without } = outOfFold(terms, columns.length, { labels, clusters, seed });
  const found = singleDelong(labels, clusters, scores);
  if (!found) return notMeasured('one side has no rows');
  const contributions = columns.map(({ name }, position) => {
    const rest = singleDelong(labels, clusters, without[position] as Float64Array);
    return { column: name, loss: found.auc - (rest?.auc ?? found.auc) };
  });
  return {
    ...sizes,
    auc: aucInterval(found),
    reason: null,
    columns: contributions
      .filter(({ loss }) => loss >= MIN_LOSS)
      .sort((a, b) => b.loss - a.loss)
      .slice(0, MAX_COLUMNS),
    terms: terms.single.length + terms.pairs.length,
    compared: new Set(terms.single.flatMap((term) => term.columns)).size,
  };
}

/** Subject of the hypothesis, as stored in reports. */
const TOGETHER = 'all columns together';

const MAX_THRESHOLD = 0.15;

/**
 * Returns by how much the lower end of the AUC's interval must exceed 0.5 to count as drift, given the number of
 * columns; from 0.05 to 0.15. If many columns each change by less than their own threshold, the rows can still be
 * distinguished; an AUC that such small changes explain does not count as drift.
 *
 * Formula: Φ(s · √k / √2) − 0.5, the AUC of k independent columns that each moved by s = 0.1 standard deviations.
 *
 * @example togetherThreshold(23) // 0.133
 */
export function togetherThreshold(columns: number): number {
  const explained = 0.5 - normalSurvival(wasserstein.threshold * Math.sqrt(columns / 2));
  return Math.min(MAX_THRESHOLD, Math.max(domainClassifierTest.threshold, explained));
}

/**
 * Returns the hypothesis that all columns together drifted: the lower end of the AUC's interval must exceed 0.5 by at
 * least the threshold. There is no p-value; the lower bound decides, as for new categories.
 *
 * @param threshold @default by the number of columns, `togetherThreshold`
 */
export function multivariateChange(
  { auc, reason, referenceRows, windowRows, compared = 0 }: DomainClassification,
  threshold: number = togetherThreshold(compared),
): Hypothesis {
  const question = {
    subject: TOGETHER,
    kind: 'multivariate',
    statistic: domainClassifierTest.name,
    effect: domainClassifierTest.name,
    threshold,
    referenceSize: referenceRows,
    windowSize: windowRows,
  } as const;
  if (auc === null) return notMeasurable(question, reason ?? 'nothing to compare');
  return measured(question, { value: auc.value, effectSize: Math.max(0, auc.low - 0.5) });
}

/** The verdicts of the same report that the description quotes. */
interface RelatedVerdicts {
  readonly columns: readonly { readonly column: string; readonly status: DriftStatus }[];
  readonly others: readonly SignalVerdict[];
}

/**
 * Describes how well all columns together distinguish the window from the reference, which columns contribute and
 * whether each drifted on its own, and whether the model's scores drifted; or why there is no AUC.
 *
 * @example "AUC 0.611 (0.600 to 0.622) for distinguishing window from reference; the lower bound 0.600 is below 0.633,
 * the threshold for 23 columns; main columns: fee (drifted on its own; 0.041 of the AUC); the model's scores are stable
 * (moved by 0.020 standard deviations, below 0.100)"
 */
export function describeMultivariate(
  { auc, reason, columns, compared }: DomainClassification,
  related: RelatedVerdicts,
): string {
  if (auc === null) return `all columns together are not measurable: ${reason ?? 'nothing to compare'}`;
  const signal = related.others.find(({ kind }) => kind === 'multivariate');
  const bounds = signal ? [0.5 + signal.threshold] : [];
  const main = columns.map(({ column, loss }) => {
    const status = related.columns.find((one) => one.column === column)?.status ?? 'stable';
    return `${column} (${status} on its own; ${rounded(loss, 2)} of the AUC)`;
  });
  return [
    `AUC ${formatInterval(auc, ...bounds)} for distinguishing window from reference`,
    ...(signal ? [describeBound(signal, compared)] : []),
    ...(main.length > 0 ? [`main ${main.length === 1 ? 'column' : 'columns'}: ${main.join(', ')}`] : []),
    ...related.others.filter(({ kind }) => kind === 'prediction').map(describeScores),
  ].join('; ');
}

function describeBound(
  { status, effectSize, threshold }: SignalVerdict,
  compared: number | undefined,
): string {
  const [low = '', bound = ''] = fixed([0.5 + (effectSize ?? 0), 0.5 + threshold]);
  const of = compared === undefined ? '' : ` for ${compared} ${compared === 1 ? 'column' : 'columns'}`;
  return `the lower bound ${low} is ${status === 'drifted' ? 'not below' : 'below'} ${bound}, the threshold${of}`;
}

function describeScores({ status, effectSize, threshold, reason }: SignalVerdict): string {
  if (effectSize === null) return `the model's scores are not measurable: ${reason ?? 'nothing to compare'}`;
  const [moved = '', bound = ''] = fixed([effectSize, threshold]);
  const size = `moved by ${moved} standard deviations, ${effectSize >= threshold ? 'not below' : 'below'} ${bound}`;
  return `the model's scores ${status === 'drifted' ? 'drifted' : 'are stable'} (${size})`;
}
