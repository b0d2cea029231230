// What a version is fitted from: the training rows of a frame, by a definition and the recipe that was chosen.
import { type ModelDefinition } from '../../domain/model/definition.ts';
import { type Frame, trainingRows } from '../../domain/data/frame.ts';
import { type Recipe } from '../../domain/learning/recipe.ts';
import { type TrainingInput } from '../compute/tasks.ts';
import { trainingOptions } from './training-options.ts';

/** @param recipe absent means the definition's own @example versionInput(frame, definition.training, tuning?.chosen) */
export const versionInput = (
  frame: Frame,
  training: ModelDefinition['training'],
  recipe: Recipe | undefined,
): TrainingInput => ({
  frame,
  rows: trainingRows(frame),
  trainer: training.trainer,
  options: trainingOptions(training, recipe),
  calibration: training.calibration,
  threshold: training.threshold,
});
