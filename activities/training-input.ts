// The input of a training, and the platform and code with which it runs.
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type ModelDefinition } from '../domain/model/definition.ts';
import { type Frame, trainingRows } from '../domain/data/frame.ts';
import { ownRecipe, type Recipe } from '../domain/learning/recipe.ts';
import { type TrainingInput } from './compute/tasks.ts';
import { type TrainingOptions } from '../domain/learning/trainer.ts';
import { type ErrorCode } from '../domain/errors.ts';
import { type Platform } from '../domain/learning/repetition.ts';
import { paths } from '../paths.ts';

/**
 * Returns the input of a training.
 *
 * @param recipe undefined means the definition's own
 * @example versionInput(frame, definition.training, tuning?.chosen)
 */
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
 * Returns the options of a fit.
 *
 * @param recipe the chosen recipe. @default the definition's own
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

/** Codes of errors that mean that the rows cannot be fitted; a retry cannot help. */
export const CANNOT_BE_FITTED: readonly ErrorCode[] = ['ONE_CLASS', 'TOO_FEW_LABELS', 'NOT_CONVERGED'];

/** Returns the platform of this process. @example thisPlatform() // { os: 'linux', arch: 'x64', nodeMajor: 22 } */
export const thisPlatform = (): Platform => ({
  os: process.platform,
  arch: process.arch,
  nodeMajor: Number(process.versions.node.split('.')[0]),
});

/**
 * Returns the release of Tidegate, and its git revision if it runs from a clone.
 *
 * @example await codeRevision() // '0.1.0+a1b2c3d4e5f6'
 */
export async function codeRevision(): Promise<string> {
  const { version } = JSON.parse(await readFile(paths.manifest, 'utf8')) as { version: string };
  const revision = await gitRevision(join(dirname(paths.manifest), '.git')).catch(() => undefined);
  return revision === undefined ? version : `${version}+${revision.slice(0, 12)}`;
}

async function gitRevision(folder: string): Promise<string | undefined> {
  const head = (await readFile(join(folder, 'HEAD'), 'utf8')).trim();
  const [, ref] = /^ref: (refs\/[\w./-]+)$/.exec(head) ?? [];
  const revision = ref === undefined ? head : (await readFile(join(folder, ref), 'utf8')).trim();
  return /^[0-9a-f]{40,64}$/.test(revision) ? revision : undefined;
}
