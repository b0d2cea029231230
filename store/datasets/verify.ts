// Verifies that a frozen dataset is unchanged and that its source tables still give the same rows.
import { type Frame } from '../../domain/data/frame.ts';
import { type DatasetDifference, differencesOf } from '../../domain/data/dataset-difference.ts';
import { type Database } from '../postgres/database.ts';
import { getDefinition } from '../definitions/definitions.ts';
import { claimedInstant } from '../join/label-times.ts';
import { type Chunk, PARTS } from './chunk.ts';
import { digestName, digestOfDataset } from './chunk-digests.ts';
import { DatasetColumns } from './dataset-columns.ts';
import { DatasetTable } from './dataset-table.ts';
import { type Dataset } from '../registry/dataset.ts';
import { type FreezeControl, joinChunks, planWindowJoin } from './join-chunks.ts';
import { Keys, readKeys } from './keys.ts';
import { readDataset } from './read.ts';
import { everyChunk, readChunks } from './read-chunks.ts';
import { inSnapshot } from '../postgres/snapshot.ts';
import { Texts } from './texts.ts';

/** The result of a verification. */
export interface Verification {
  readonly rows: number;
  /** Digest of the rows that the source tables give now. */
  readonly sourceDigest: string;
  /** Null if the source gives exactly the same rows, to the bit. */
  readonly difference: DatasetDifference | null;
}

/**
 * Checks every chunk against its digest, then joins the window again, with labels as they were known when it was
 * frozen, and compares the result. A value that was corrected since then counts as a difference if the view has no
 * `known`; if the view has `known`, the correction became known too late for the rows and changes nothing. If nothing
 * differs, only one chunk of each column is in memory; otherwise all frozen rows and all rows of the new join are.
 *
 * @throws TidegateError DATASET_CHANGED, DATASET_EXPIRED
 */
export async function verifyDataset(
  database: Database,
  dataset: Dataset,
  control: FreezeControl = {},
): Promise<Verification> {
  await readChunks(
    database,
    dataset,
    [PARTS.keys, ...new DatasetColumns(dataset, new Uint32Array(0)).parts],
    everyChunk(dataset),
    () => undefined,
  );
  const { definition } = await getDefinition(database, dataset.model, dataset.definitionVersion);
  const knownAt = (await claimedInstant(database.pool, dataset.id)) ?? '';
  const planned = await planWindowJoin(database.pool, definition, dataset.window, knownAt);
  return inSnapshot(
    database,
    async (client) => {
      const join = async (take: (chunks: readonly Chunk[]) => void): Promise<DatasetTable> => {
        const table = new DatasetTable(definition, dataset.chunkRows);
        await joinChunks(client, { join: planned, table, control }, () => Promise.resolve(), take);
        return table;
      };
      const digests: string[] = [];
      const table = await join((chunks) => digests.push(...chunks.map(digestName)));
      const sourceDigest = digestOfDataset(table, digests);
      const found = { rows: table.rows, sourceDigest };
      if (sourceDigest === dataset.digest) return { ...found, difference: null };
      const frozen = await readSide(database, dataset);
      // The second join runs in the same snapshot, so it returns the same rows as the first.
      const { rows, columns } = table;
      const { id, model, chunkRows } = dataset;
      const source = new DatasetColumns({ id, model, chunkRows, rows, columns });
      const keys: Texts[] = [];
      await join((chunks) => {
        for (const chunk of chunks) {
          source.take(chunk);
          if (chunk.part === PARTS.keys) keys.push(new Texts(chunk.bytes));
        }
      });
      const now = { frame: source.frame(), keys: new Keys({ rows, chunkRows }, keys) };
      return { ...found, difference: differencesOf(sideOf(frozen), sideOf(now)) };
    },
    control.signal,
  );
}

interface Side {
  readonly frame: Frame;
  readonly keys: Keys;
}

const sideOf = ({ frame, keys }: Side) => ({ frame, key: (row: number) => keys.at(row) });

async function readSide(database: Database, dataset: Dataset): Promise<Side> {
  const { frame } = await readDataset(database, dataset);
  return { frame, keys: await readKeys(database, dataset) };
}
