// The rows of a frozen window as one version's own definition sees them.
import { getDefinition } from '../definitions/definitions.ts';
import { type Database } from '../database.ts';
import { type Dataset } from './dataset.ts';
import { freezeWindow } from './freeze.ts';
import { type FrozenRows, readDataset } from './read.ts';

/**
 * Reads a dataset, or, where it was frozen by another definition version, freezes the same window by the one asked
 * for and reads that. Both hold the same entities and times in the same order.
 */
export async function readRowsFor(
  database: Database,
  dataset: Dataset,
  definitionVersion: number,
): Promise<FrozenRows> {
  if (dataset.definitionVersion === definitionVersion) return readDataset(database, dataset);
  const { definition } = await getDefinition(database, dataset.model, definitionVersion);
  const sameWindow = await freezeWindow(database, {
    request: `dataset-${dataset.id}/definition-${definitionVersion}`,
    definition,
    definitionVersion,
    window: dataset.window,
  });
  return readDataset(database, sameWindow);
}
