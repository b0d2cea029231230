// The feature reference: the frozen profile of the rows on which a version was trained.
import { type Frame, NO_LABEL } from '../frame.ts';
import { type CategoryReference, freezeCategories } from './category-profile.ts';
import { freezeNumbers, type NumericReference } from './numeric-reference.ts';

/** A share as two counts: `hits` of `size` rows. */
export interface Share {
  readonly hits: number;
  /** At least 1. */
  readonly size: number;
}

/** The reference of a column. */
export type ColumnReference = NumericReference | CategoryReference;

/** The data with which later windows are compared to detect drift. `encodeReference` turns it into JSON. */
export interface FeatureReference {
  readonly rows: number;
  /** Positive labels among the mature labels. */
  readonly labels: Share;
  /** In the order of the frame's features. */
  readonly columns: readonly ColumnReference[];
}

/**
 * Builds the reference of a frame's features: bin edges, counts and sums of numbers, counts of categories, missing values.
 * The same rows in any order give the same reference, except for the last bits of the sums.
 *
 * @example const reference = freezeReference(trainingFrame);
 */
export function freezeReference(frame: Frame): FeatureReference {
  return {
    rows: frame.rows,
    labels: countLabels(frame.labels),
    columns: frame.features.map((column) =>
      column.kind === 'numeric' ? freezeNumbers(column) : freezeCategories(column),
    ),
  };
}

/** Counts the positive labels among the known labels. @example countLabels(frame.labels); // { hits: 1701, size: 7043 } */
export function countLabels(labels: Uint8Array): Share {
  let hits = 0;
  let size = 0;
  for (const label of labels) {
    if (label === NO_LABEL) continue;
    size++;
    hits += label;
  }
  return { hits, size };
}
