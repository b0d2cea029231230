// The training plan of a retrain and the scores of its recipes. Several workers may compute them; the first result is kept.
import { type RecipeScores } from '../../domain/learning/choose-recipe.ts';
import { type TrainingPlan } from '../../domain/learning/plan-training.ts';
import { type Database } from '../postgres/database.ts';

/** Stores the plan of a retrain; a repeated call changes nothing. */
export async function writeTrainingPlan(
  database: Database,
  retrainId: string,
  plan: TrainingPlan,
): Promise<void> {
  await database.kysely
    .insertInto('tidegate.training_plan')
    .values({ retrainId, body: JSON.stringify(plan) })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Returns the plan of a retrain; undefined if none was made yet. */
export async function findTrainingPlan(
  database: Database,
  retrainId: string,
): Promise<TrainingPlan | undefined> {
  const row = await database.kysely
    .selectFrom('tidegate.training_plan')
    .select('body')
    .where('retrainId', '=', retrainId)
    .executeTakeFirst();
  return row?.body;
}

/** Stores the scores of a recipe; a repeated call changes nothing. */
export async function writeRecipeScores(
  database: Database,
  retrainId: string,
  recipe: number,
  scores: RecipeScores,
): Promise<void> {
  await database.kysely
    .insertInto('tidegate.recipe_scores')
    .values({ retrainId, recipe, body: JSON.stringify(scores) })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Whether a recipe has been evaluated. */
export async function hasRecipeScores(
  database: Database,
  retrainId: string,
  recipe: number,
): Promise<boolean> {
  const row = await database.kysely
    .selectFrom('tidegate.recipe_scores')
    .select('recipe')
    .where('retrainId', '=', retrainId)
    .where('recipe', '=', recipe)
    .executeTakeFirst();
  return row !== undefined;
}

/** Returns the scores of a plan's recipes, by their position in the plan. */
export async function readRecipeScores(
  database: Database,
  retrainId: string,
): Promise<ReadonlyMap<number, RecipeScores>> {
  const rows = await database.kysely
    .selectFrom('tidegate.recipe_scores')
    .select(['recipe', 'body'])
    .where('retrainId', '=', retrainId)
    .execute();
  return new Map(rows.map(({ recipe, body }) => [recipe, body]));
}
