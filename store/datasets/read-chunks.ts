// Reads columns of a frozen dataset chunk by chunk, and checks the digest of each chunk.
import type pg from 'pg';
import { type Awaitable } from '../../domain/learning/artifact/scorer.ts';
import { digestOfBytes } from '../../domain/canonical-json.ts';
import { copyOut } from '../postgres/copy-out.ts';
import { type Database, inTransaction, READ_SNAPSHOT } from '../postgres/database.ts';
import { changed, chunkDigests, storedDigests } from './chunk-digests.ts';
import { chunksOf, type Dataset } from '../registry/dataset.ts';

/** A range of chunks: ordinals in [first, end). */
export interface ChunkRange {
  readonly first: number;
  readonly end: number;
}

/** The order of chunks: part after part, or group of rows after group of rows with the parts in the order given. */
export type ChunkOrder = 'by part' | 'by rows';

/** A chunk that is being read. Its bytes are in memory that is reused after the call. */
export interface PassingChunk {
  readonly part: string;
  readonly ordinal: number;
  readonly bytes: Buffer;
}

/** Returns the range of all chunks of a dataset. */
export const everyChunk = (dataset: Dataset): ChunkRange => ({ first: 0, end: chunksOf(dataset) });

/**
 * Calls `take` with the chunks of the named parts, each part in the order of its rows. Only one chunk is in memory.
 * For a range that is not the whole dataset only the digests of the range are read, so call `verifyChunkDigests`
 * before you use the combined result of several ranges.
 *
 * @param take if it returns a promise, nothing more is read until that is settled
 * @param order @default 'by part'
 * @throws TidegateError DATASET_CHANGED if a chunk is missing or differs from the digest it was frozen with;
 *   DATASET_EXPIRED if retention deleted its rows
 */
export const readChunks = (
  database: Database,
  dataset: Dataset,
  parts: readonly string[],
  range: ChunkRange,
  take: (chunk: PassingChunk) => Awaitable<void>,
  order: ChunkOrder = 'by part',
): Promise<void> =>
  inTransaction(
    database,
    (client) => copyChunks(client, dataset, copySql(dataset.id, parts, range, order), parts, range, take),
    // One snapshot, because retention may delete the chunks meanwhile.
    READ_SNAPSHOT,
  );

async function copyChunks(
  client: pg.ClientBase,
  dataset: Dataset,
  statement: string,
  parts: readonly string[],
  { first, end }: ChunkRange,
  take: (chunk: PassingChunk) => Awaitable<void>,
): Promise<void> {
  const isWhole = first === 0 && end === chunksOf(dataset);
  const expected = await (isWhole
    ? chunkDigests(client, dataset)
    : storedDigests(client, dataset, parts, { first, end }));
  let taken = 0;
  await copyOut(client, statement, ([part, ordinal, bytes]) => {
    if (!part || !ordinal || !bytes) throw changed(dataset, 'a chunk');
    const chunk = { part: part.toString(), ordinal: ordinal.readInt32BE(0), bytes };
    const name = `${chunk.part}/${chunk.ordinal}`;
    if (digestOfBytes(bytes) !== expected.get(name)) throw changed(dataset, name);
    taken += 1;
    return take(chunk);
  });
  if (taken !== parts.length * (end - first)) throw changed(dataset, 'the number of its chunks');
}

// COPY accepts no parameters. Inlining is safe: id and ordinals are integers, and the parts are our own names.
function copySql(
  id: number,
  parts: readonly string[],
  { first, end }: ChunkRange,
  order: ChunkOrder,
): string {
  const names = parts.map((part) => `'${part.replaceAll("'", "''")}'`).join(', ');
  const place = `array_position(array[${names}], part)`;
  return `copy (
    select part, ordinal, bytes from tidegate.dataset_chunk
    where dataset_id = ${Number(id)} and ordinal >= ${Number(first)} and ordinal < ${Number(end)}
      and part in (${names})
    order by ${order === 'by part' ? 'part, ordinal' : `ordinal, ${place}`}) to stdout (format binary)`;
}
