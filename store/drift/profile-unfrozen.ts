// The profile of a window that was not frozen: its rows are joined as freezing would, counted, and not kept.
import { type FeatureReference } from '../../domain/data/profile/feature-reference.ts';
import { type WindowProfile } from '../../domain/data/profile/window-profile.ts';
import { type ModelDefinition } from '../../domain/model/definition.ts';
import { type Window } from '../../domain/model/window.ts';
import { type Database } from '../database.ts';
import { DatasetTable } from '../datasets/dataset-table.ts';
import { chunkRowsFor, type FreezeControl, joinChunks, windowStatement } from '../datasets/join-chunks.ts';
import { inSnapshot, labelsKnownBy } from '../datasets/snapshot.ts';
import { ChunkProfiler } from './chunk-profiler.ts';

/**
 * Joins the rows of a window and counts them in the bins of a reference, by the same code as a frozen dataset: the
 * profile is that of the dataset that freezing would make now. Memory holds one chunk of each column.
 *
 * @throws the signal's reason, when aborted
 * @example await profileUnfrozen(database, definition, window, reference)
 */
export async function profileUnfrozen(
  database: Database,
  definition: ModelDefinition,
  window: Window,
  reference: FeatureReference,
  control: FreezeControl = {},
): Promise<WindowProfile> {
  const knownBy = await labelsKnownBy(database.pool);
  const statement = await windowStatement(database.pool, definition, window, knownBy);
  const table = new DatasetTable(definition, chunkRowsFor(definition));
  const profiler = new ChunkProfiler(reference, table.columns);
  await inSnapshot(
    database,
    (client) =>
      joinChunks(
        client,
        { statement, table, control },
        () => Promise.resolve(),
        (chunks) => {
          for (const chunk of chunks) profiler.take(chunk);
        },
      ),
    control.signal,
  );
  return profiler.profile();
}
