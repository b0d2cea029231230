// Drift of a window by Evidently's preset, which needs the rows of both sides.
import { judgeByEvidently } from '../domain/drift/evidently/judge-samples.ts';
import { pandasTypesOf } from '../domain/drift/evidently/sample.ts';
import { driftPolicyOf } from '../domain/drift/drift-policy.ts';
import { TidegateError } from '../domain/errors.ts';
import { type ModelDefinition } from '../domain/model/definition.ts';
import { type DriftPart, unmeasured } from '../domain/decisions/report.ts';
import { type Database } from '../store/postgres/database.ts';
import { type Dataset, getDataset } from '../store/registry/dataset.ts';
import { readDataset } from '../store/datasets/read.ts';
import { type Version } from '../store/registry/versions.ts';

/** What is compared, and by which policy. */
export interface EvidentlyTask {
  readonly champion: Version;
  /** The window as the champion's definition sees it. */
  readonly dataset: Dataset;
  readonly definition: ModelDefinition;
}

/**
 * Judges the window's rows against the rows that the champion was trained on. Not measured where retention has let
 * either go: a frozen profile has no values to test.
 */
export async function evidentlyDrift(
  database: Database,
  { champion, dataset, definition }: EvidentlyTask,
): Promise<DriftPart> {
  const trained = await getDataset(database, champion.datasetId);
  try {
    // One after the other: each holds all rows of its side in memory.
    const reference = await readDataset(database, trained);
    const window = await readDataset(database, dataset);
    const types = pandasTypesOf(definition);
    const verdict = judgeByEvidently(
      { reference: reference.frame, window: window.frame, types },
      driftPolicyOf(definition),
    );
    return { measured: true, championVersion: champion.version, verdict };
  } catch (error) {
    if (error instanceof TidegateError && error.code === 'DATASET_EXPIRED')
      return unmeasured(`the preset 'evidently' needs rows, and ${error.message}`);
    throw error;
  }
}
