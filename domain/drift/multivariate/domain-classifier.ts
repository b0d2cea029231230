// Whether all columns together tell the window from the reference, however alike each is alone.
import { type Failed } from '../../lifecycle/judgements.ts';
import { aucInterval } from '../../learning/auc-interval.ts';
import { singleDelong } from '../../learning/delong.ts';
import { type Interval } from '../../lifecycle/interval.ts';
import { type Statistic } from '../statistic.ts';
import { outOfFold } from './out-of-fold.ts';
import { poolRows, type SideRows } from './pooled-rows.ts';
import { termsOf } from './terms.ts';

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
const LEAST_CLUSTERS = 50;
const MOST_COLUMNS = 5;
/** A loss below this says nothing. */
const LEAST_LOSS = 0.005;

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
  if ((before ?? 0) < LEAST_CLUSTERS)
    return nothing(`${before} entities in the reference, ${LEAST_CLUSTERS} are needed`);
  if ((after ?? 0) < LEAST_CLUSTERS)
    return nothing(`${after} entities in the window, ${LEAST_CLUSTERS} are needed`);
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
      .filter(({ loss }) => loss >= LEAST_LOSS)
      .sort((a, b) => b.loss - a.loss)
      .slice(0, MOST_COLUMNS),
    terms: terms.single.length + terms.pairs.length,
    compared: new Set(terms.single.flatMap((term) => term.columns)).size,
  };
}
