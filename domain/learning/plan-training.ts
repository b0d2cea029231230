// Plans a training: which recipes there are to choose from, and on which rows they are validated.
import { type ModelDefinition } from '../model/definition.ts';
import { type Frame, trainingRows } from '../data/frame.ts';
import { TidegateError } from '../errors.ts';
import { countClasses } from './metrics/class-counts.ts';
import { type FoldMetric } from './cross-validate.ts';
import { type Fold, foldsOf } from './resample/folds.ts';
import { ownRecipe, type Recipe, recipesOf, type TrainingSpan } from './recipe.ts';

const BOTH: readonly TrainingSpan[] = ['all', 'recent'];

/** The plan, made before anything is fitted. Plain JSON. */
export interface TrainingPlan {
  /** Instant after which rows follow the new distribution, ISO 8601; null if no change is known or it lies outside the window. */
  readonly change: string | null;
  /** At least one; if there are more, cross-validation chooses between them. */
  readonly recipes: readonly Recipe[];
  readonly metric: FoldMetric;
  /** Rows that recipes are validated on, and the number of folds; both 0 if there is nothing to choose from. */
  readonly judgedRows: number;
  readonly folds: number;
  /** What the definition asks for but could not be done, one sentence each. */
  readonly remarks: readonly string[];
}

/** A plan with the folds and the rows that it refers to. */
export interface PlannedTraining {
  readonly plan: TrainingPlan;
  readonly folds: readonly Fold[];
  /** Rows that a recipe may learn from. */
  readonly rowsOf: (recipe: Recipe) => Uint32Array;
}

/**
 * Plans a training from the labelled rows outside the holdout. If there are rows on both sides of the change, the list has
 * recipes that learn from all rows and recipes that learn only from the recent ones, and all are validated on recent rows.
 *
 * @param change the instant after which rows follow the new distribution; null if no change is known
 * @throws TidegateError ONE_CLASS, TOO_FEW_LABELS if the rows cannot be learnt from at all
 * @example planTraining(frame, definition.training, new Date('2024-01-31T00:00:00Z')).plan.recipes
 */
export function planTraining(
  frame: Frame,
  training: ModelDefinition['training'],
  change: Date | null,
): PlannedTraining {
  const rows = trainingRows(frame);
  countClasses(frame, rows);
  const recent = change === null ? rows : rowsAfter(frame, rows, change);
  const spans = change !== null && recent.length > 0 && recent.length < rows.length;
  const remarks =
    change !== null && recent.length === 0
      ? [`no labelled row is later than the change at ${change.toISOString()}`]
      : [];
  const windows = windowsOf();
  const recipes = recipesOf(training, windows);
  const judged = windows.includes('recent') ? recent : rows;
  const { folds, reason } =
    recipes.length > 1
      ? foldsOf(frame, judged, { seed: training.seed, count: training.tune?.folds ?? 5 })
      : { folds: [], reason: null };
  if (reason !== null) remarks.push(reason);
  const chosenFrom = recipes.length > 1 && folds.length === 0 ? [ownRecipe(training, windows)] : recipes;
  return {
    plan: {
      change: spans ? change.toISOString() : null,
      recipes: chosenFrom,
      metric: training.tune?.metric ?? 'auc',
      judgedRows: folds.reduce((sum, { outside }) => sum + outside.length, 0),
      folds: folds.length,
      remarks,
    },
    folds,
    rowsOf: ({ window }) => (window === 'recent' ? recent : rows),
  };

  function windowsOf(): readonly TrainingSpan[] {
    const asked = training.windows ?? BOTH;
    if (!spans || !asked.includes('recent')) return ['all'];
    const problem = cannotBeLearnt(frame, recent);
    if (problem === undefined) return asked;
    remarks.push(`the rows after the change are not enough to learn from on their own: ${problem}`);
    return ['all'];
  }
}

/** Returns the rows that are later than the instant. */
function rowsAfter({ times }: Frame, rows: Uint32Array, instant: Date): Uint32Array {
  const micros = BigInt(instant.getTime()) * 1_000n;
  return rows.filter((row) => times[row]! > micros);
}

function cannotBeLearnt(frame: Frame, rows: Uint32Array): string | undefined {
  try {
    countClasses(frame, rows);
    return undefined;
  } catch (error) {
    if (error instanceof TidegateError) return error.message;
    throw error;
  }
}
