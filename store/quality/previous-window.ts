// The window that a report's is compared with: that of the newest report of an earlier instant.
import { type PreviousWindow } from '../../domain/quality/window-facts.ts';
import { type Database } from '../database.ts';
import { PARTS, featurePart } from '../datasets/chunk.ts';
import { type Dataset, getDataset } from '../datasets/dataset.ts';
import { type Report, reportBefore } from '../runs/reports.ts';

/** What the window before had in common with a report's; null where the model has no earlier report. */
export async function previousWindow(
  database: Database,
  report: Report,
  dataset: Dataset,
): Promise<PreviousWindow | null> {
  const last = await reportBefore(database, report);
  if (!last) return null;
  const lastDataset = await getDataset(database, last.datasetId);
  const beforeLast = await reportBefore(database, last);
  const { values, repeats } = last.quality?.repeats ?? { values: 0, repeats: 0 };
  return {
    same: await sameColumns(database, lastDataset, dataset),
    sameBefore: beforeLast
      ? await sameColumns(database, await getDataset(database, beforeLast.datasetId), lastDataset)
      : null,
    repeats: values > 0 ? { values, repeats } : null,
  };
}

/**
 * Columns of which every value is the same to the bit in both datasets, row by row; none where the entities differ.
 * Told by the digests of the chunks: no row is read.
 */
async function sameColumns(database: Database, before: Dataset, now: Dataset): Promise<ReadonlySet<string>> {
  if (before.rows !== now.rows || before.definitionVersion !== now.definitionVersion) return new Set();
  const { rows } = await database.pool.query<{ part: string }>(
    `select part
     from tidegate.dataset_chunk now
     left join (select part, ordinal, digest from tidegate.dataset_chunk where dataset_id = $1) before
       using (part, ordinal)
     where now.dataset_id = $2
     group by part
     having bool_and(now.digest is not distinct from before.digest)`,
    [before.id, now.id],
  );
  const parts = new Set(rows.map(({ part }) => part));
  if (!parts.has(PARTS.keys)) return new Set();
  return new Set(
    now.columns.flatMap(({ name, dictionary }, position) => {
      const isSame =
        parts.has(featurePart(position)) &&
        JSON.stringify(dictionary) === JSON.stringify(before.columns[position]?.dictionary);
      return isSame ? [name] : [];
    }),
  );
}
