// Counts the training rows of each class, checks that there are enough, and computes class weights.
import { TidegateError } from '../../errors.ts';
import { type Frame } from '../../data/frame.ts';

/** Default minimum of training rows of the rarer class. */
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
 * @throws TidegateError ONE_CLASS if all labels are the same; TOO_FEW_LABELS if there is no row, a row has no label, or the
 *   rarer class has fewer than `minimum` rows
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
      `the training rows have ${positives} positives and ${negatives} negatives; at least ${minimum} of each are needed`,
    );
  }
  return { positives, negatives, prior: positives / rows.length };
}

/** Weight of the rows of each class; 1 is the weight of a row in an unweighted fit. */
export interface ClassWeights {
  /** Above 0. */
  readonly positive: number;
  /** Above 0. */
  readonly negative: number;
}

/**
 * The class weights that a definition asks for: none, balanced so that both classes have the same total weight, or
 * given numbers.
 */
export type ClassWeight = 'none' | 'balanced' | ClassWeights;

/**
 * Returns the class weights of a fit; undefined for `none`, so that the artifact of an unweighted fit stays the same.
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

/** Describes the weights. @example describeClassWeight({ positive: 5, negative: 1 }) // 'class weights 5 : 1' */
export function describeClassWeight(weight: ClassWeight): string {
  if (weight === 'none') return 'no class weights';
  if (weight === 'balanced') return 'balanced class weights';
  return `class weights ${weight.positive} : ${weight.negative}`;
}
