// The recipe that a retrain's candidate is trained by, and the rows that it learns from.
import { chooseRecipe, type Tuning } from '../../domain/learning/choose-recipe.ts';
import { TidegateError } from '../../domain/errors.ts';
import { type Database } from '../../store/postgres/database.ts';
import { type Dataset } from '../../store/registry/dataset.ts';
import { freezeWindow } from '../../store/datasets/freeze.ts';
import { findTrainingPlan, readRecipeScores } from '../../store/registry/training-plans.ts';
import { followed } from '../followed.ts';
import { type TrainingSource } from './planned-training.ts';

/**
 * Chooses between the recipes of a retrain's plan as they were judged; undefined where no training was planned.
 *
 * @throws TidegateError DEFECT where a recipe has not been judged
 */
export async function chosenRecipe(
  database: Database,
  retrainId: string,
  { definition }: TrainingSource,
): Promise<Tuning | undefined> {
  const plan = await findTrainingPlan(database, retrainId);
  if (!plan) return undefined;
  const judged = await readRecipeScores(database, retrainId);
  const scores = plan.recipes.length === 1 ? [] : plan.recipes.map((_, recipe) => judged.get(recipe));
  const missing = scores.indexOf(undefined);
  if (missing >= 0)
    throw new TidegateError('DEFECT', `recipe ${missing} of retrain ${retrainId} has not been judged`);
  return chooseRecipe(
    plan,
    scores.filter((found) => found !== undefined),
    definition.training,
  );
}

/**
 * The dataset that a candidate learns from: the training window, or for the recipe `recent` its rows after the change,
 * frozen as a dataset of their own. So the version's references, its proof and its repetition rest on these rows alone.
 */
export async function datasetOfRecipe(
  database: Database,
  retrainId: string,
  { dataset, definition }: TrainingSource,
  tuning: Tuning | undefined,
): Promise<Dataset> {
  if (tuning?.chosen.window !== 'recent' || tuning.change === null) return dataset;
  return freezeWindow(database, {
    request: `${retrainId}/training-recent`,
    definition,
    definitionVersion: dataset.definitionVersion,
    window: { from: new Date(tuning.change), to: dataset.window.to },
    // The same labels as were judged on.
    knownBy: dataset.asKnownAt,
    ...followed(),
  });
}
