// What a version is fitted from, and on which platform.
import { type ModelDefinition } from '../domain/model/definition.ts';
import { type Frame, trainingRows } from '../domain/data/frame.ts';
import { ownRecipe, type Recipe } from '../domain/learning/recipe.ts';
import { type TrainingInput } from './compute/tasks.ts';
import { type TrainingOptions } from '../domain/learning/trainer.ts';
import { type ErrorCode } from '../domain/errors.ts';
import { type Platform } from '../domain/learning/repetition.ts';

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

/** Codes of a fit that its rows make impossible, and no retry mends. */
export const CANNOT_BE_FITTED: readonly ErrorCode[] = ['ONE_CLASS', 'TOO_FEW_LABELS', 'NOT_CONVERGED'];

/** @example thisPlatform() // { os: 'linux', arch: 'x64', nodeMajor: 22 } */
export const thisPlatform = (): Platform => ({
  os: process.platform,
  arch: process.arch,
  nodeMajor: Number(process.versions.node.split('.')[0]),
});
