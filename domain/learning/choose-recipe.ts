// Chooses a recipe from cross-validation results by the one-standard-error rule.
import { goodness, formatMetric } from './cross-validate.ts';
import { fixed } from '../format-numbers.ts';
import { type TrainingPlan } from './plan-training.ts';
import { ownRecipe, type Recipe, describeRecipe, type RecipePolicy } from './recipe.ts';

/** Cross-validation result of a recipe: the metric on each fold, or why the recipe could not be fitted. */
export type RecipeScores =
  | { readonly scores: readonly number[] }
  | {
      readonly scores: null;
      readonly problem: string;
      /**
       * Set if the validation itself failed: code of the error, or null for an error without a code. Absent if the
       * validation ran but nothing can be learnt from the rows.
       */
      readonly failed?: string | null;
    };

/** A recipe with its cross-validation result. Plain JSON. */
export interface ValidatedRecipe {
  readonly recipe: Recipe;
  /** The metric on each fold; null if a fold could not be fitted. */
  readonly scores: readonly number[] | null;
  readonly problem?: string;
  /** As in `RecipeScores`. */
  readonly failed?: string | null;
  /** Mean over the folds, and its standard error; both null if there are no scores. */
  readonly mean: number | null;
  readonly standardError: number | null;
}

/** The recipe that a version was trained with, the recipes it was chosen from, and why. Plain JSON, stored with the version. */
export interface Tuning extends Omit<TrainingPlan, 'recipes'> {
  readonly format: 1;
  readonly recipes: readonly ValidatedRecipe[];
  readonly chosen: Recipe;
  readonly words: string;
}

/**
 * Considers the recipes that learn from the same rows as the best one and whose mean is within one standard error of
 * the best mean, and chooses the one with the strongest penalty. Ties are broken by the better mean, then by the order
 * of the list. If no recipe could be validated, the definition's own recipe is used.
 *
 * Formula: standard error = sd of the folds (ddof 1) / √folds. Source: Breiman, Friedman, Olshen & Stone, Classification
 * and Regression Trees (1984), 3.4.3; Hastie, Tibshirani & Friedman, The Elements of Statistical Learning, 7.10.1.
 *
 * @param judged one result per recipe of the plan, in the same order; empty if there is nothing to choose from
 * @example chooseRecipe(plan, judged, definition.training).words
 */
export function chooseRecipe(
  plan: TrainingPlan,
  judged: readonly RecipeScores[],
  policy: RecipePolicy,
): Tuning {
  const recipes = plan.recipes.map((recipe, at) => withScores(recipe, judged[at]));
  const ranked = recipes.filter(isScored).sort((a, b) => good(b) - good(a));
  const [best] = ranked;
  const chosen = best && strongestNear(best, ranked);
  const isJudgedOnRecent = plan.recipes.some(({ window }) => window === 'recent');
  const made = { format: 1 as const, ...plan, recipes };
  if (!best || !chosen) {
    const windows = plan.recipes.map(({ window }) => window);
    const only = recipes.length === 1 ? recipes[0]!.recipe : ownRecipe(policy, windows);
    const why = recipes.length === 1 ? [] : ['no recipe could be fitted in every fold'];
    return { ...made, chosen: only, words: sentence(only, [...why, ...plan.remarks]) };
  }
  return { ...made, chosen: chosen.recipe, words: sentence(chosen.recipe, [...reasons(), ...plan.remarks]) };

  function good({ mean }: ScoredRecipe): number {
    return goodness(plan.metric, mean);
  }

  function strongestNear(top: ScoredRecipe, all: readonly ScoredRecipe[]): ScoredRecipe {
    const near = all.filter(
      (other) => other.recipe.window === top.recipe.window && good(other) >= good(top) - top.standardError,
    );
    // The sort is stable: of equal penalties the better mean stays first.
    return [...near].sort((a, b) => b.recipe.l2 - a.recipe.l2)[0] ?? top;
  }

  function reasons(): string[] {
    const otherWindow = ranked.find(({ recipe }) => recipe.window !== chosen!.recipe.window);
    const named = [chosen!, best!, ...(otherWindow ? [otherWindow] : [])];
    const texts = [
      `${formatMetric(plan.metric)} ${formatScore(chosen!, named)}, mean and standard error over ${plan.folds} folds of ` +
        `${plan.judgedRows} training rows${isJudgedOnRecent ? ` after the change at ${plan.change}` : ''}`,
    ];
    if (chosen !== best) {
      texts.push(
        `the best of ${recipes.length} was ${describeRecipe(best!.recipe)} with ${formatScore(best!, named)}; chosen for the ` +
          'strongest penalty within one standard error of it',
      );
    } else if (recipes.length > 1) texts.push(`the best of ${recipes.length}`);
    if (otherWindow)
      texts.push(`${otherWindow.recipe.window} rows reached ${formatScore(otherWindow, named)} at best`);
    const failed = recipes.length - ranked.length;
    if (failed > 0) texts.push(`${failed} of ${recipes.length} recipes could not be fitted in every fold`);
    return texts;
  }
}

type ScoredRecipe = ValidatedRecipe & { readonly mean: number; readonly standardError: number };

const isScored = (judged: ValidatedRecipe): judged is ScoredRecipe => judged.mean !== null;

function withScores(recipe: Recipe, result: RecipeScores | undefined): ValidatedRecipe {
  if (!result) return { recipe, scores: null, mean: null, standardError: null };
  if (result.scores === null) return { recipe, ...result, mean: null, standardError: null };
  const { scores } = result;
  const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length;
  const squares = scores.reduce((sum, score) => sum + (score - mean) ** 2, 0);
  const standardError = Math.sqrt(squares / (scores.length - 1) / scores.length);
  return { recipe, scores, mean, standardError };
}

/** @param others recipes named in the same sentence: enough digits are shown for different means to look different */
function formatScore({ mean, standardError }: ScoredRecipe, others: readonly ScoredRecipe[]): string {
  const bounds = others.map((other) => other.mean);
  const [value] = fixed([mean], bounds, 4);
  return `${value} ± ${fixed([standardError], [], 4)[0]}`;
}

const sentence = (recipe: Recipe, reasons: readonly string[]): string =>
  [describeRecipe(recipe), ...reasons].join('; ');
