// What a definition says of a fit, as a trainer takes it.
import { type ModelDefinition } from '../../domain/model/definition.ts';
import { ownRecipe, type Recipe } from '../../domain/learning/recipe.ts';
import { type TrainingOptions } from '../../domain/learning/trainer.ts';

/**
 * The options of a fit.
 *
 * @param recipe that was chosen. @default the definition's own
 * @example trainingOptions(definition.training, tuning?.chosen)
 */
export function trainingOptions(
  training: ModelDefinition['training'],
  recipe: Recipe = ownRecipe(training),
): TrainingOptions {
  const { seed, solver } = training;
  const { l2, classWeight } = recipe;
  return { seed, l2, solver, classWeight };
}
