// The feature reference: the frozen profile of the rows a version was trained on.
import { type Frame, NO_LABEL } from '../frame.ts';
import { type CategoryReference, freezeCategories } from './category-profile.ts';
import { freezeNumbers, type NumericReference } from './numeric-reference.ts';

/** Rows of some kind among all rows. */
export interface Share {
  readonly hits: number;
  /** At least 1. */
  readonly size: number;
}

/** A frozen column. */
export type ColumnReference = NumericReference | CategoryReference;

/** Everything that drift of later windows is measured against; `encodeReference` makes it JSON. */
export interface FeatureReference {
  readonly rows: number;
  /** Positive labels among the mature ones. */
  readonly labels: Share;
  /** In the order of the frame's features. */
  readonly columns: readonly ColumnReference[];
}

/**
 * Freezes a frame's features: cuts, counts and sums of numbers, counts of categories, missing values. The same rows
 * give the same reference, whatever their order (sums to the last bits).
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

/** Positive labels among those that are known. @example countLabels(frame.labels); // { hits: 1701, size: 7043 } */
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
