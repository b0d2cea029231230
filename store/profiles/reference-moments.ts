// Computes the moments (count, mean and standard deviation) of the numeric columns of a feature reference. Earlier
// releases stored references without moments; they are computed from the rows that the reference was made from.
import { type FeatureReference } from '../../domain/data/profile/feature-reference.ts';
import { addMoments, type Moments, momentsOf, NO_MOMENTS } from '../../domain/data/math/moments.ts';
import { TidegateError } from '../../domain/errors.ts';
import { type Database } from '../postgres/database.ts';
import { featurePart, numbersIn } from '../datasets/chunk.ts';
import { type Dataset, getDataset } from '../registry/dataset.ts';
import { everyChunk, readChunks } from '../datasets/read-chunks.ts';

/**
 * Returns the reference with the moments of its numeric columns. If it has none, they are computed from the numeric
 * columns of the dataset; if the rows were deleted or no longer match their digest, the moments stay null.
 *
 * @param datasetId the dataset that the reference was made from
 */
export async function withMoments(
  database: Database,
  reference: FeatureReference,
  datasetId: number,
): Promise<FeatureReference> {
  const lacks = reference.columns.some((column) => column.kind === 'numeric' && !column.profile.moments);
  if (!lacks) return reference;
  const dataset = await getDataset(database, datasetId);
  if (dataset.rows !== reference.rows) return reference;
  const moments = await readMoments(database, dataset);
  return {
    ...reference,
    columns: reference.columns.map((column) => {
      if (column.kind !== 'numeric') return column;
      return { ...column, profile: { ...column.profile, moments: moments?.get(column.name) ?? null } };
    }),
  };
}

/** Reads the moments of every numeric column by name; undefined if the rows can no longer be read. */
async function readMoments(
  database: Database,
  dataset: Dataset,
): Promise<ReadonlyMap<string, Moments> | undefined> {
  const columns = new Map(
    dataset.columns.flatMap(({ kind, name }, position) =>
      kind === 'numeric' ? [[featurePart(position), name] as const] : [],
    ),
  );
  const moments = new Map<string, Moments>();
  try {
    await readChunks(database, dataset, [...columns.keys()], everyChunk(dataset), ({ part, bytes }) => {
      const name = columns.get(part) as string;
      moments.set(name, addMoments(moments.get(name) ?? NO_MOMENTS, momentsOf(numbersIn(bytes))));
    });
    return moments;
  } catch (error) {
    const isGone =
      error instanceof TidegateError &&
      (error.code === 'DATASET_EXPIRED' || error.code === 'DATASET_CHANGED');
    if (isGone) return undefined;
    throw error;
  }
}
