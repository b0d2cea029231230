// How many rows of each class there are to learn from, and whether that is enough.
import { TidegateError } from '../../errors.ts';
import { type Frame } from '../../data/frame.ts';

/** Fewest training rows of the rarer class, unless the options say otherwise. */
export const MIN_ROWS_OF_CLASS = 50;

/** Training rows by class. */
export interface ClassCounts {
  readonly positives: number;
  readonly negatives: number;
  /** Share of positives, in (0, 1). */
  readonly prior: number;
}

/**
 * Counts the labels of the training rows.
 *
 * @throws TidegateError ONE_CLASS where all labels are the same; TOO_FEW_LABELS where a row has none, no row is given,
 *   or the rarer class has fewer than `minimum` rows
 * @example countClasses(frame, trainingRows(frame))
 */
export function countClasses(frame: Frame, rows: Uint32Array, minimum = MIN_ROWS_OF_CLASS): ClassCounts {
  let positives = 0;
  let negatives = 0;
  for (const row of rows) {
    if (frame.labels[row] === 1) positives += 1;
    else if (frame.labels[row] === 0) negatives += 1;
  }
  const unlabelled = rows.length - positives - negatives;
  if (rows.length === 0) throw new TidegateError('TOO_FEW_LABELS', 'there is no labelled row to learn from');
  if (unlabelled > 0)
    throw new TidegateError('TOO_FEW_LABELS', `${unlabelled} of ${rows.length} rows have no label`);
  if (positives === 0 || negatives === 0) {
    throw new TidegateError(
      'ONE_CLASS',
      `all ${rows.length} training rows are ${positives > 0 ? 'positive' : 'negative'}`,
    );
  }
  if (Math.min(positives, negatives) < minimum) {
    throw new TidegateError(
      'TOO_FEW_LABELS',
      `the training rows hold ${positives} positives and ${negatives} negatives; at least ${minimum} of each are needed`,
    );
  }
  return { positives, negatives, prior: positives / rows.length };
}

/** How much a row of each class counts; 1 is what a row counts without weights. */
export interface ClassWeights {
  /** Above 0. */
  readonly positive: number;
  /** Above 0. */
  readonly negative: number;
}

/** How a definition asks for weights: none, such that both classes count alike, or given ones. */
export type ClassWeight = 'none' | 'balanced' | ClassWeights;

/**
 * The weights of a training; undefined where all rows count alike, so that a fit without weights is what it always was.
 *
 * Formula: balanced gives a row n / (2 · rows of its class), as scikit-learn's class_weight='balanced'.
 *
 * @example classWeightsOf('balanced', { positives: 100, negatives: 300, prior: 0.25 }) // { positive: 2, negative: 2/3 }
 */
export function classWeightsOf(
  asked: ClassWeight,
  { positives, negatives }: ClassCounts,
): ClassWeights | undefined {
  if (asked === 'none') return undefined;
  if (asked !== 'balanced') return asked;
  const half = (positives + negatives) / 2;
  return { positive: half / positives, negative: half / negatives };
}

/** The weights in words. @example describeClassWeight({ positive: 5, negative: 1 }) // 'class weights 5 : 1' */
export function describeClassWeight(weight: ClassWeight): string {
  if (weight === 'none') return 'no class weights';
  if (weight === 'balanced') return 'balanced class weights';
  return `class weights ${weight.positive} : ${weight.negative}`;
}
