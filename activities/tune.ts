// Plans the available recipes, and judges each by cross-validation within the training clusters.
import { cancellationSignal, heartbeat, log } from '@temporalio/activity';
import { type RecipeScores } from '../domain/learning/choose-recipe.ts';
import { TREES } from '../domain/learning/trees.ts';
import { describeRecipe } from '../domain/learning/recipe.ts';
import { type Failed } from '../domain/judgements.ts';
import { TidegateError } from '../domain/errors.ts';
import { getRetrain, IMPORT } from '../store/registry/retrains.ts';
import {
  findTrainingPlan,
  hasRecipeScores,
  writeRecipeScores,
  writeTrainingPlan,
} from '../store/registry/training-plans.ts';
import { compute } from './compute/compute.ts';
import { type ActivityDeps } from './deps.ts';
import { CANNOT_BE_FITTED, trainingOptions } from './training-input.ts';
import { changeAnswered, plannedTraining, trainingSource } from './planned-training.ts';

/** The recipes that a training will choose from. */
export interface PlannedRecipes {
  /** How many recipes are to be judged; 0 if there is no choice. */
  readonly recipes: number;
  readonly words: string;
}

/** A recipe of a retrain's plan, by its position from 0. */
export interface RecipeRef {
  readonly retrainId: string;
  readonly recipe: number;
  /** The error of the last attempt, if the recipe is to be recorded as not judged; absent if it is to be judged. */
  readonly failed?: Failed;
}

/** The steps that plan and judge recipes. */
export const tuneActivities = ({ database }: ActivityDeps) => ({
  /** Plans the training of a retrain; once per retrain. */
  async planTraining({ retrainId }: { retrainId: string }): Promise<PlannedRecipes> {
    const retrain = await getRetrain(database, retrainId);
    if (retrain.trigger === IMPORT)
      return { recipes: 0, words: `nothing is trained: version ${retrain.candidateVersion} was imported` };
    let plan = await findTrainingPlan(database, retrainId);
    if (!plan) {
      const source = await trainingSource(database, retrain);
      if (source.definition.training.trainer === TREES)
        return { recipes: 0, words: 'gradient-boosted trees of the whole training window' };
      const change = await changeAnswered(database, retrain);
      ({ plan } = await plannedTraining(database, source, change));
      await writeTrainingPlan(database, retrainId, plan);
    }
    const { recipes, folds, judgedRows, remarks } = plan;
    const chosenFrom =
      recipes.length > 1
        ? `${recipes.length} recipes to choose from, by ${folds} folds of ${judgedRows} training rows`
        : `one recipe: ${describeRecipe(recipes[0]!)}`;
    return { recipes: recipes.length > 1 ? recipes.length : 0, words: [chosenFrom, ...remarks].join('; ') };
  },

  /** Judges a recipe by cross-validation and stores its scores; does nothing if it was already judged. */
  async judgeRecipe({ retrainId, recipe: position, failed }: RecipeRef): Promise<void> {
    if (await hasRecipeScores(database, retrainId, position)) return;
    if (failed) {
      const { code, reason: problem } = failed;
      return writeRecipeScores(database, retrainId, position, { scores: null, problem, failed: code });
    }
    const plan = await findTrainingPlan(database, retrainId);
    const recipe = plan?.recipes[position];
    if (!plan || !recipe) throw new TidegateError('DEFECT', `retrain ${retrainId} has no recipe ${position}`);
    const retrain = await getRetrain(database, retrainId);
    const source = await trainingSource(database, retrain);
    const { frame, folds, rowsOf } = await plannedTraining(
      database,
      source,
      // Use the change that is recorded in the plan, because a newer report may have found another one.
      plan.change === null ? null : new Date(plan.change),
    );
    const { training } = source.definition;
    const task = {
      frame,
      rows: rowsOf(recipe),
      folds: folds.map(({ outside }) => ({ outside })),
      trainer: training.trainer,
      options: trainingOptions(training, recipe),
      metric: plan.metric,
    };
    const control = {
      signal: cancellationSignal(),
      onProgress: (fraction: number) => heartbeat({ recipe: position, judged: fraction }),
    };
    const judged = await compute('crossValidate', task, control).then<RecipeScores, RecipeScores>(
      (scores) => ({ scores }),
      (error: unknown) => {
        if (!(error instanceof TidegateError) || !CANNOT_BE_FITTED.includes(error.code)) throw error;
        return { scores: null, problem: error.message };
      },
    );
    await writeRecipeScores(database, retrainId, position, judged);
    log.info(`judged ${describeRecipe(recipe)}`, { retrainId });
  },
});
