// The rows of a frozen window, joined with the definition of one version.
import { getDefinition } from '../definitions/definitions.ts';
import { type Database } from '../postgres/database.ts';
import { type Dataset } from '../registry/dataset.ts';
import { type FreezeControl, freezeWindow } from './freeze.ts';
import { type FrozenRows, readDataset, type ReadOptions } from './read.ts';

/**
 * Returns the dataset itself or, if it was frozen with another definition version, the same window frozen with the
 * requested one. Both contain the same entities and times in the same order.
 */
export async function datasetFor(
  database: Database,
  dataset: Dataset,
  definitionVersion: number,
  control: FreezeControl = {},
): Promise<Dataset> {
  if (dataset.definitionVersion === definitionVersion) return dataset;
  const { definition } = await getDefinition(database, dataset.model, definitionVersion);
  return freezeWindow(database, {
    request: `dataset-${dataset.id}/definition-${definitionVersion}`,
    definition,
    definitionVersion,
    window: dataset.window,
    ...control,
  });
}

/** Reads the rows of the dataset that `datasetFor` returns. */
export const readRowsFor = async (
  database: Database,
  dataset: Dataset,
  definitionVersion: number,
  { rows, ...control }: ReadOptions & FreezeControl = {},
): Promise<FrozenRows> =>
  readDataset(database, await datasetFor(database, dataset, definitionVersion, control), rows && { rows });
