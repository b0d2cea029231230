// The training that a retrain asks for: its frozen rows outside the holdout, and the recipes to choose from.
import { type ModelDefinition } from '../../domain/features/definition.ts';
import { type Frame } from '../../domain/features/frame.ts';
import { planTraining, type PlannedTraining } from '../../domain/learning/plan-training.ts';
import { trainingRows } from '../../domain/learning/rows.ts';
import { TidegateError } from '../../domain/errors.ts';
import { type Database } from '../../store/database.ts';
import { type Dataset, getDataset } from '../../store/datasets/dataset.ts';
import { readDataset } from '../../store/datasets/read.ts';
import { getDefinition } from '../../store/definitions/definitions.ts';
import { getReport } from '../../store/runs/reports.ts';
import { type Retrain } from '../../store/runs/retrains.ts';

/** The frozen training window of a retrain, and the definition that it was frozen by. */
export interface TrainingSource {
  readonly dataset: Dataset;
  readonly definition: ModelDefinition;
}

/** The training window of a retrain. @throws TidegateError INTERNAL where it has not been frozen */
export async function trainingSource(
  database: Database,
  { id, model, datasetId }: Retrain,
): Promise<TrainingSource> {
  if (datasetId === null) throw new TidegateError('INTERNAL', `retrain ${id} has no frozen dataset`);
  const dataset = await getDataset(database, datasetId);
  const { definition } = await getDefinition(database, model, dataset.definitionVersion);
  return { dataset, definition };
}

/**
 * Plans the training of a retrain. The frame holds its training rows and no others: what is chosen here cannot have seen
 * the holdout. The same retrain gives the same plan.
 *
 * @throws TidegateError ONE_CLASS, TOO_FEW_LABELS, DATASET_CHANGED, DATASET_EXPIRED
 */
export async function plannedTraining(
  database: Database,
  retrain: Retrain,
  { dataset, definition }: TrainingSource,
): Promise<PlannedTraining & { readonly frame: Frame }> {
  const { frame } = await readDataset(database, dataset, { rows: trainingRows });
  const change = await changeBefore(database, retrain);
  return { frame, ...planTraining(frame, definition.training, change) };
}

/**
 * The instant after which the rows follow a new world: the beginning of the window whose report found the champion
 * wanting. None where a person asked, or where there was no champion to be wanting.
 */
async function changeBefore(database: Database, { reportId }: Retrain): Promise<Date | null> {
  if (reportId === null) return null;
  const report = await getReport(database, reportId);
  if (report.championVersion === null) return null;
  return (await getDataset(database, report.datasetId)).window.from;
}
