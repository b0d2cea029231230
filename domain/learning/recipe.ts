// A recipe: which rows of the training window a model learns from, its penalty and its class weights.
import { type ClassWeight, describeClassWeight } from './metrics/class-counts.ts';

/** All rows of the training window, or those after the change that led to the retrain. */
export type TrainingSpan = 'all' | 'recent';

/** The settings of one candidate; everything else comes from the definition. Plain JSON. */
export interface Recipe {
  readonly window: TrainingSpan;
  /** Strength of the L2 penalty, from 0. */
  readonly l2: number;
  readonly classWeight: ClassWeight;
}

/** The part of a definition that says which recipes there are to choose from. */
export interface RecipePolicy {
  readonly l2: number;
  readonly classWeight?: ClassWeight | undefined;
  readonly tune?:
    { readonly l2: readonly number[]; readonly classWeight?: readonly ClassWeight[] | undefined } | undefined;
}

/** Describes a recipe. @example describeRecipe({ window: 'all', l2: 1, classWeight: 'none' }) // 'all rows, l2 1, no class weights' */
export const describeRecipe = ({ window, l2, classWeight }: Recipe): string =>
  `${window} rows, l2 ${l2}, ${describeClassWeight(classWeight)}`;

/** The short form, for tables. @example formatRecipe({ window: 'recent', l2: 1, classWeight: 'none' }) // 'recent, l2 1' */
export function formatRecipe({ window, l2, classWeight }: Recipe): string {
  const weights =
    typeof classWeight === 'string' ? classWeight : `${classWeight.positive} : ${classWeight.negative}`;
  return [window, `l2 ${l2}`, ...(classWeight === 'none' ? [] : [weights])].join(', ');
}

/**
 * Returns the definition's own recipe, which is used if nothing is chosen.
 *
 * @param windows to choose from; `all` is preferred if it is among them. @default ['all']
 */
export const ownRecipe = (
  { l2, classWeight = 'none' }: RecipePolicy,
  windows: readonly TrainingSpan[] = ['all'],
): Recipe => ({ window: windows.includes('all') ? 'all' : 'recent', l2, classWeight });

/**
 * Returns the recipes to choose from: each window combined with each point of the grid, in the order in which they were
 * written. If the grid has no class weights, the definition's own are used.
 *
 * @example recipesOf({ l2: 1, tune: { l2: [0.1, 1] } }, ['all', 'recent']).length // 4
 */
export function recipesOf(policy: RecipePolicy, windows: readonly TrainingSpan[]): Recipe[] {
  const own = ownRecipe(policy);
  const strengths = policy.tune?.l2 ?? [own.l2];
  const weights = policy.tune?.classWeight ?? [own.classWeight];
  return windows.flatMap((window) =>
    strengths.flatMap((l2) => weights.map((classWeight) => ({ window, l2, classWeight }))),
  );
}
