// Reads some columns of a frozen dataset, chunk by chunk, with the digests checked and no row kept.
import type pg from 'pg';
import { type Awaitable } from '../../domain/learning/artifact/scorer.ts';
import { digestOfBytes } from '../../domain/canonical-json.ts';
import { copyOut } from '../postgres/copy-out.ts';
import { type Database, inTransaction, READ_SNAPSHOT } from '../postgres/database.ts';
import { changed, chunkDigests, storedDigests } from './chunk-digests.ts';
import { chunksOf, type Dataset } from '../registry/dataset.ts';

/** Which chunks: ordinals in [first, end). */
export interface ChunkRange {
  readonly first: number;
  readonly end: number;
}

/** Which chunks come first: those of a part, or those of the same rows, in the order of the parts given. */
export type ChunkOrder = 'by part' | 'by rows';

/** A chunk as it goes by; its bytes lie in memory that is used again after the call. */
export interface PassingChunk {
  readonly part: string;
  readonly ordinal: number;
  readonly bytes: Buffer;
}

/** All chunks of a dataset. */
export const everyChunk = (dataset: Dataset): ChunkRange => ({ first: 0, end: chunksOf(dataset) });

/**
 * Hands over the chunks of the named parts, each part in the order of its rows; memory holds one chunk. Of a range that
 * is not the whole only its own digests are read: what all ranges gave is good once `vouchForChunks` has found them to
 * be the dataset's.
 *
 * @param take where it gives a promise, nothing more is read until that is settled
 * @param order @default 'by part'
 * @throws TidegateError DATASET_CHANGED when a chunk is missing or differs from the digest it was frozen with;
 * DATASET_EXPIRED when retention let its rows go
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
    // One snapshot: retention may delete the chunks meanwhile.
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

// COPY takes no parameters: the id and the ordinals are whole numbers, the parts names of our own.
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
