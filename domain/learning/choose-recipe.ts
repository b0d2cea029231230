// Choosing between recipes by their cross-validation, with the one-standard-error rule.
import { goodness, formatMetric } from './cross-validate.ts';
import { fixed } from '../numbers-in-words.ts';
import { type TrainingPlan } from './plan-training.ts';
import { ownRecipe, type Recipe, describeRecipe, type RecipePolicy } from './recipe.ts';

/** How a recipe did: the measure on each fold, or why it could not be learnt. */
export type RecipeScores =
  | { readonly scores: readonly number[] }
  | {
      readonly scores: null;
      readonly problem: string;
      /** The judging itself was cut short: code of the error, null for one without. Absent if the rows cannot be learnt. */
      readonly failed?: string | null;
    };

/** A recipe with how it did. Plain JSON. */
export interface JudgedRecipe {
  readonly recipe: Recipe;
  /** One per fold; null where a fold could not be learnt. */
  readonly scores: readonly number[] | null;
  readonly problem?: string;
  /** As in `RecipeScores`. */
  readonly failed?: string | null;
  /** Mean over the folds, and its standard error; null without scores. */
  readonly mean: number | null;
  readonly standardError: number | null;
}

/** What a version was trained by, what there was to choose from, and why. Plain JSON, stored with the version. */
export interface Tuning extends Omit<TrainingPlan, 'recipes'> {
  readonly format: 1;
  readonly recipes: readonly JudgedRecipe[];
  readonly chosen: Recipe;
  readonly words: string;
}

/**
 * Chooses a recipe: the strongest penalty whose mean is within one standard error of the best mean, among the recipes that
 * learn from the same rows as the best one does. Of equal penalties the better mean is taken, then the first in the list.
 * Where no recipe could be judged, the definition's own is taken.
 *
 * Formula: standard error = sd of the folds (ddof 1) / √folds. Source: Breiman, Friedman, Olshen & Stone, Classification
 * and Regression Trees (1984), 3.4.3; Hastie, Tibshirani & Friedman, The Elements of Statistical Learning, 7.10.1.
 *
 * @param judged one per recipe of the plan, in its order; none where there is nothing to choose
 * @example chooseRecipe(plan, judged, definition.training).words
 */
export function chooseRecipe(
  plan: TrainingPlan,
  judged: readonly RecipeScores[],
  policy: RecipePolicy,
): Tuning {
  const recipes = plan.recipes.map((recipe, at) => judgedRecipe(recipe, judged[at]));
  const ranked = recipes.filter(isScored).sort((a, b) => good(b) - good(a));
  const [best] = ranked;
  const chosen = best && strongestNear(best, ranked);
  const isJudgedOnRecent = plan.recipes.some(({ window }) => window === 'recent');
  const made = { format: 1 as const, ...plan, recipes };
  if (!best || !chosen) {
    const windows = plan.recipes.map(({ window }) => window);
    const only = recipes.length === 1 ? recipes[0]!.recipe : ownRecipe(policy, windows);
    const why = recipes.length === 1 ? [] : ['no recipe of the list could be learnt in every fold'];
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
    const rival = ranked.find(({ recipe }) => recipe.window !== chosen!.recipe.window);
    const named = [chosen!, best!, ...(rival ? [rival] : [])];
    const said = [
      `${formatMetric(plan.metric)} ${formatScore(chosen!, named)}, mean and standard error over ${plan.folds} folds of ` +
        `${plan.judgedRows} training rows${isJudgedOnRecent ? ` after the change at ${plan.change}` : ''}`,
    ];
    if (chosen !== best) {
      said.push(
        `the best of ${recipes.length} was ${describeRecipe(best!.recipe)} with ${formatScore(best!, named)}, and the strongest ` +
          'penalty within one standard error of it is taken',
      );
    } else if (recipes.length > 1) said.push(`the best of ${recipes.length}`);
    if (rival) said.push(`${rival.recipe.window} rows reached ${formatScore(rival, named)} at best`);
    const failed = recipes.length - ranked.length;
    if (failed > 0) said.push(`${failed} of ${recipes.length} could not be learnt in every fold`);
    return said;
  }
}

type ScoredRecipe = JudgedRecipe & { readonly mean: number; readonly standardError: number };

const isScored = (judged: JudgedRecipe): judged is ScoredRecipe => judged.mean !== null;

function judgedRecipe(recipe: Recipe, result: RecipeScores | undefined): JudgedRecipe {
  if (!result) return { recipe, scores: null, mean: null, standardError: null };
  if (result.scores === null) return { recipe, ...result, mean: null, standardError: null };
  const { scores } = result;
  const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length;
  const squares = scores.reduce((sum, score) => sum + (score - mean) ** 2, 0);
  const standardError = Math.sqrt(squares / (scores.length - 1) / scores.length);
  return { recipe, scores, mean, standardError };
}

/** @param others recipes that are named in the same sentence: different means read differently */
function formatScore({ mean, standardError }: ScoredRecipe, others: readonly ScoredRecipe[]): string {
  const bounds = others.map((other) => other.mean);
  const [value] = fixed([mean], bounds, 4);
  return `${value} ± ${fixed([standardError], [], 4)[0]}`;
}

const sentence = (recipe: Recipe, reasons: readonly string[]): string =>
  [describeRecipe(recipe), ...reasons].join('; ');
