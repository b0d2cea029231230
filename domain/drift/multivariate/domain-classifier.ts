// Whether all columns together tell the window from the reference, however alike each is alone.
import { type Failed } from '../../judgements.ts';
import { aucInterval } from '../../data/math/auc.ts';
import { singleDelong } from '../../data/math/delong.ts';
import { type Interval, intervalInWords } from '../../data/math/interval.ts';
import { type Statistic } from '../statistics/statistic.ts';
import { outOfFold } from './fit-balanced.ts';
import { poolRows, type SideRows } from './pooled-rows.ts';
import { termsOf } from './terms.ts';
import { fixed, rounded } from '../../numbers-in-words.ts';
import { normalSurvival } from '../../data/math/special-functions.ts';
import { type DriftStatus, type SignalVerdict } from '../statistics/family.ts';
import { type Hypothesis, measured, notMeasurable } from '../statistics/hypothesis.ts';
import { wasserstein } from '../statistics/wasserstein.ts';

/**
 * Domain classifier.
 *
 * Columns: any, all together. Direction: drift when the lower end of the interval of the AUC, less 0.5, is at least 0.05,
 * and more with more than three columns (`togetherThreshold`).
 * Formula: a penalised logistic regression learns to tell rows of the window from rows of the reference by midranks,
 * levels, gaps, squares and products of two columns; each fifth of the entities is scored by what the others taught,
 * and the AUC of those scores is 0.5 where nothing changed, 1 where no row could be of the other side. Its interval is
 * DeLong's, clustered by entity.
 * Source: Lopez-Paz and Oquab 2017 (classifier two-sample tests); Obuchowski 1997.
 *
 * @example domainClassifier(reference, window, { seed: 1 }).auc // { value: 0.61, low: 0.6, high: 0.62 }
 */
export const domainClassifierTest = {
  name: 'domain_classifier',
  columns: 'any',
  judges: 'value',
  driftWhen: 'at least',
  threshold: 0.05,
} as const satisfies Statistic;

/** A column and what telling the sides apart loses without it. */
export interface TellingColumn {
  readonly column: string;
  /** The AUC less that of the same scores without the column. */
  readonly loss: number;
}

/** How well rows of both sides can be told apart. */
export interface DomainClassification {
  /** Null with fewer than 50 entities on a side, or where no column holds two values. */
  readonly auc: Interval | null;
  /** Why there is no AUC; null where there is one. */
  readonly reason: string | null;
  /** Set if it was due and could not be made; absent if it was made, or the rows are too few. */
  readonly failed?: Failed;
  /** The columns that tell them apart, the most telling first; at most five. */
  readonly columns: readonly TellingColumn[];
  /** Columns that could not be compared. */
  readonly leftOut: readonly string[];
  readonly referenceRows: number;
  readonly windowRows: number;
  /** What was looked at: columns, squares, levels, gaps and products. */
  readonly terms: number;
  /** Columns that were compared; absent in what was stored before this was counted. */
  readonly compared?: number | undefined;
}

/** Entities needed on each side. */
const MIN_CLUSTERS = 50;
const MAX_COLUMNS = 5;
/** A loss below this says nothing. */
const MIN_LOSS = 0.005;

/** Learns to tell the sides apart; the same rows and seed give the same answer. Never throws. */
export function domainClassifier(
  reference: SideRows,
  window: SideRows,
  { seed }: { readonly seed: number },
): DomainClassification {
  const pooled = poolRows(reference, window);
  const { labels, clusters, columns, leftOut } = pooled;
  const sizes = { referenceRows: reference.rows, windowRows: window.rows, leftOut };
  const nothing = (reason: string): DomainClassification => ({
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
    return nothing(`${before} entities in the reference, ${MIN_CLUSTERS} are needed`);
  if ((after ?? 0) < MIN_CLUSTERS)
    return nothing(`${after} entities in the window, ${MIN_CLUSTERS} are needed`);
  const terms = termsOf(pooled, seed);
  if (terms.single.length === 0)
    return nothing('no column holds two values that are common enough to compare');

  const { scores, without } = outOfFold(terms, columns.length, { labels, clusters, seed });
  const found = singleDelong(labels, clusters, scores);
  if (!found) return nothing('one side holds no row');
  const telling = columns.map(({ name }, position) => {
    const left = singleDelong(labels, clusters, without[position] as Float64Array);
    return { column: name, loss: found.auc - (left?.auc ?? found.auc) };
  });
  return {
    ...sizes,
    auc: aucInterval(found),
    reason: null,
    columns: telling
      .filter(({ loss }) => loss >= MIN_LOSS)
      .sort((a, b) => b.loss - a.loss)
      .slice(0, MAX_COLUMNS),
    terms: terms.single.length + terms.pairs.length,
    compared: new Set(terms.single.flatMap((term) => term.columns)).size,
  };
}

/** What the hypothesis is about, as a report names it. */
const TOGETHER = 'all columns together';

const MAX_THRESHOLD = 0.15;

/**
 * How far above 0.5 the AUC must surely lie to be material for so many columns, from 0.05 to 0.15. Many columns that each
 * move by less than is material add up to rows that can be told apart: what that explains is no drift of its own.
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
 * Drifted when the lower end of the AUC's interval exceeds 0.5 by the threshold. It has no p-value: the lower bound
 * decides, as for new categories.
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

/** What was judged beside the domain classifier, as a verdict holds it. */
interface JudgedBeside {
  readonly columns: readonly { readonly column: string; readonly status: DriftStatus }[];
  readonly others: readonly SignalVerdict[];
}

/**
 * How well all columns together tell the sides apart and what is material, which columns carry it and whether each
 * drifted by itself, and what became of the model's scores; or why there is no AUC.
 *
 * @example "AUC 0.611 (0.600 to 0.622) of telling window from reference, surely less than the 0.633 that is material
 * for 23 columns; most by fee (drifted by itself; 0.041 of the AUC); the model's scores are stable (…)"
 */
export function multivariateInWords(
  { auc, reason, columns, compared }: DomainClassification,
  judged: JudgedBeside,
): string {
  if (auc === null) return `all columns together are not measurable: ${reason ?? 'nothing to compare'}`;
  const signal = judged.others.find(({ kind }) => kind === 'multivariate');
  const bounds = signal ? [0.5 + signal.threshold] : [];
  const most = columns.map(({ column, loss }) => {
    const status = judged.columns.find((one) => one.column === column)?.status ?? 'stable';
    return `${column} (${status} by itself; ${rounded(loss, 2)} of the AUC)`;
  });
  return [
    `AUC ${intervalInWords(auc, ...bounds)} of telling window from reference${signal ? materialWords(signal, compared) : ''}`,
    ...(most.length > 0 ? [`most by ${most.join(', ')}`] : []),
    ...judged.others.filter(({ kind }) => kind === 'prediction').map(scoresInWords),
  ].join('; ');
}

function materialWords(
  { status, effectSize, threshold }: SignalVerdict,
  compared: number | undefined,
): string {
  const [low = '', bound = ''] = fixed([0.5 + (effectSize ?? 0), 0.5 + threshold]);
  const of = compared === undefined ? '' : ` for ${compared} ${compared === 1 ? 'column' : 'columns'}`;
  return `, its lower end ${low} ${status === 'drifted' ? 'not below' : 'below'} the ${bound} that is material${of}`;
}

function scoresInWords({ status, effectSize, threshold, reason }: SignalVerdict): string {
  if (effectSize === null) return `the model's scores are not measurable: ${reason ?? 'nothing to compare'}`;
  const [moved = '', bound = ''] = fixed([effectSize, threshold]);
  const size = `moved by ${moved} standard deviations, ${effectSize >= threshold ? 'not below' : 'below'} ${bound}`;
  return `the model's scores ${status === 'drifted' ? 'drifted' : 'are stable'} (${size})`;
}
