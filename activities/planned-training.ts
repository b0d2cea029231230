// Plans the training of a retrain: its frozen rows outside the holdout, and the recipes to choose from.
import { type ModelDefinition } from '../domain/model/definition.ts';
import { type Frame, trainingRows } from '../domain/data/frame.ts';
import { type PlannedTraining, planTraining } from '../domain/learning/plan-training.ts';
import { TidegateError } from '../domain/errors.ts';
import { type Database } from '../store/postgres/database.ts';
import { type Dataset, getDataset } from '../store/registry/dataset.ts';
import { readDataset } from '../store/datasets/read.ts';
import { getDefinition } from '../store/definitions/definitions.ts';
import { changeSeenFirst, getReport } from '../store/registry/reports.ts';
import { type Retrain } from '../store/registry/retrains.ts';

/** The frozen training window of a retrain, and the definition by which it was frozen. */
export interface TrainingSource {
  readonly dataset: Dataset;
  readonly definition: ModelDefinition;
}

/** Returns the training window of a retrain. @throws TidegateError DEFECT if it has not been frozen */
export async function trainingSource(
  database: Database,
  { id, model, datasetId }: Retrain,
): Promise<TrainingSource> {
  if (datasetId === null) throw new TidegateError('DEFECT', `retrain ${id} has no frozen dataset`);
  const dataset = await getDataset(database, datasetId);
  const { definition } = await getDefinition(database, model, dataset.definitionVersion);
  return { dataset, definition };
}

/**
 * Plans a training. The frame of the plan contains only training rows, so that the choice of a recipe cannot use the
 * holdout. The same source and change always give the same plan.
 *
 * @param change the instant after which the rows come from the changed world; null if no change is known
 * @throws TidegateError ONE_CLASS, TOO_FEW_LABELS, DATASET_CHANGED, DATASET_EXPIRED
 */
export async function plannedTraining(
  database: Database,
  { dataset, definition }: TrainingSource,
  change: Date | null,
): Promise<PlannedTraining & { readonly frame: Frame }> {
  const { frame } = await readDataset(database, dataset, { rows: trainingRows });
  return { frame, ...planTraining(frame, definition.training, change) };
}

/** Returns the instant of the change that caused a retrain, from its report; null if a person requested it. */
export const changeAnswered = async (database: Database, { reportId }: Retrain): Promise<Date | null> =>
  reportId === null ? null : changeSeenFirst(database, await getReport(database, reportId));
