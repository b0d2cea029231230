// How much a row of each class counts in a fit.
import { type ClassCounts } from './class-counts.ts';

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

/** The weights in words. @example classWeightInWords({ positive: 5, negative: 1 }) // 'class weights 5 : 1' */
export function classWeightInWords(weight: ClassWeight): string {
  if (weight === 'none') return 'no class weights';
  if (weight === 'balanced') return 'balanced class weights';
  return `class weights ${weight.positive} : ${weight.negative}`;
}
