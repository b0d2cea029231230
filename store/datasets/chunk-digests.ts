// Reads the digests of a dataset's chunks, checks them against the digest of the dataset, and writes chunks.
import type pg from 'pg';
import { digestOf } from '../../domain/canonical-json.ts';
import { TidegateError } from '../../domain/errors.ts';
import { type Database } from '../postgres/database.ts';
import { type Chunk, featurePart, PARTS } from './chunk.ts';
import { type Dataset } from '../registry/dataset.ts';
import { CopyIn } from '../postgres/copy-in.ts';

/** Identifies a chunk, with its digest but without its bytes. */
interface ChunkName {
  readonly part: string;
  readonly ordinal: number;
  readonly digest: string;
}

/**
 * Returns the digest of each chunk by `<part>/<ordinal>`.
 *
 * @throws TidegateError DATASET_CHANGED if they are not the digests that the dataset was frozen with; DATASET_EXPIRED
 *   if retention deleted the chunks
 */
export async function chunkDigests(
  client: Pick<pg.ClientBase, 'query'>,
  dataset: Dataset,
): Promise<ReadonlyMap<string, string>> {
  const { rows } = await client.query<ChunkName>(
    'select part, ordinal, digest from tidegate.dataset_chunk where dataset_id = $1',
    [dataset.id],
  );
  if (rows.length === 0) await refuseExpired(client, dataset);
  checkHeader(dataset, rows);
  return byName(rows);
}

/**
 * Returns the digests of some chunks as they are stored. They are not yet checked against the digest of the dataset:
 * the caller must call `chunkDigests` or `verifyChunkDigests` before it uses what was read.
 *
 * @throws TidegateError DATASET_EXPIRED if retention deleted the chunks
 */
export async function storedDigests(
  client: Pick<pg.ClientBase, 'query'>,
  dataset: Dataset,
  parts: readonly string[],
  { first, end }: { readonly first: number; readonly end: number },
): Promise<ReadonlyMap<string, string>> {
  const { rows } = await client.query<ChunkName>(
    `select part, ordinal, digest from tidegate.dataset_chunk
     where dataset_id = $1 and part = any($2) and ordinal >= $3 and ordinal < $4`,
    [dataset.id, parts, first, end],
  );
  if (rows.length === 0) await refuseExpired(client, dataset);
  return byName(rows);
}

/** Checks the stored digests of all chunks against the digest of the dataset. @throws as {@link chunkDigests} */
export const verifyChunkDigests = async ({ pool }: Database, dataset: Dataset): Promise<void> =>
  void (await chunkDigests(pool, dataset));

const byName = (chunks: readonly ChunkName[]): ReadonlyMap<string, string> =>
  new Map(chunks.map(({ part, ordinal, digest }) => [`${part}/${ordinal}`, digest]));

// Reads `expired_at` from the database, because the caller may have loaded the dataset before its rows expired.
async function refuseExpired(client: Pick<pg.ClientBase, 'query'>, { id, model }: Dataset): Promise<void> {
  const { rows } = await client.query<{ at: Date | null }>(
    'select expired_at as at from tidegate.dataset where id = $1',
    [id],
  );
  const at = rows[0]?.at;
  if (!at) return;
  throw new TidegateError(
    'DATASET_EXPIRED',
    `the rows of dataset ${id} of ${model} were deleted by retention on ${at.toISOString().slice(0, 10)}`,
  );
}

/** Returns the text that represents a chunk in the digest of its dataset. */
export const digestName = ({ part, ordinal, digest }: ChunkName): string => `${part}/${ordinal}/${digest}`;

/** Returns the digest of a dataset. @param chunks `digestName` of each, in the order in which they were written */
export const digestOfDataset = (
  { columns, rows }: Pick<Dataset, 'columns' | 'rows'>,
  chunks: readonly string[],
): string => digestOf({ columns, rows, chunks });

/** @throws TidegateError DATASET_CHANGED if columns, rows or chunks do not match the digest of the dataset */
function checkHeader(dataset: Dataset, chunks: readonly ChunkName[]): void {
  const order: string[] = [...Object.values(PARTS), ...dataset.columns.map((_, at) => featurePart(at))];
  const place = new Map(order.map((part, at) => [part, at]));
  const inWrittenOrder = chunks
    .toSorted((a, b) => a.ordinal - b.ordinal || (place.get(a.part) ?? -1) - (place.get(b.part) ?? -1))
    .map(digestName);
  if (digestOfDataset(dataset, inWrittenOrder) !== dataset.digest) {
    throw changed(dataset, 'its header');
  }
}

/**
 * Returns the error for a dataset that is no longer what was frozen. @example throw changed(dataset, 'feature_3/0')
 */
export const changed = (dataset: Pick<Dataset, 'id' | 'model'>, where: string): TidegateError =>
  new TidegateError(
    'DATASET_CHANGED',
    `dataset ${dataset.id} of ${dataset.model} differs from its digest at ${where}`,
  );

const SIGNATURE = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');

const END = Buffer.from([0xff, 0xff]);

const FIELDS = 5;

/**
 * Copies chunks into the database over a connection that is in a transaction, one batch at a time. Each batch is a
 * COPY of its own, because Postgres buffers the rows of a binary COPY in memory, however long they are, until there
 * are a thousand of them or the COPY ends, and stores nothing before that.
 */
export class ChunkWriter {
  readonly #client: pg.ClientBase;
  readonly #datasetId: number;
  #sending: Promise<void> = Promise.resolve();
  #isSending = false;
  /** Buffer for the bytes that are being sent. */
  #room: Buffer = Buffer.alloc(0);

  constructor(client: pg.ClientBase, datasetId: number) {
    this.#client = client;
    this.#datasetId = datasetId;
  }

  /**
   * Starts sending chunks and returns without waiting. The bytes are copied, so the caller may change them after the
   * call.
   *
   * @throws RangeError if the previous chunks are not stored yet
   * @example await writer.stored(); writer.send(table.takeChunks());
   */
  send(chunks: readonly Chunk[]): void {
    if (this.#isSending)
      throw new RangeError('the previous chunks are not stored yet; wait for stored() first');
    const size = chunks.reduce((sum, { bytes }) => sum + bytes.length, 0);
    if (this.#room.length < size) this.#room = Buffer.allocUnsafeSlow(size);
    let end = 0;
    const pieces = chunks.flatMap((chunk) => {
      const start = end;
      end += chunk.bytes.copy(this.#room, start);
      return [this.#headOf(chunk), this.#room.subarray(start, end)];
    });
    this.#isSending = true;
    this.#sending = this.#copy(pieces).finally(() => (this.#isSending = false));
    // stored() reports the failure; this handler only prevents an unhandled rejection.
    this.#sending.catch(() => undefined);
  }

  /** Waits until everything that was sent is stored. @throws pg.DatabaseError if Postgres refused the COPY */
  stored(): Promise<void> {
    return this.#sending;
  }

  /** Waits until the connection is free, whether the COPY succeeded or failed. */
  async settled(): Promise<void> {
    await this.#sending.catch(() => undefined);
  }

  async #copy(pieces: readonly Buffer[]): Promise<void> {
    const copy = await CopyIn.open(
      this.#client,
      'copy tidegate.dataset_chunk (dataset_id, part, ordinal, digest, bytes) from stdin (format binary)',
    );
    await copy.send([SIGNATURE, ...pieces, END]);
    await copy.end();
  }

  /** Returns the start of a chunk's COPY row: everything before the bytes of the chunk, which are the last field. */
  #headOf({ part, ordinal, digest, bytes }: Chunk): Buffer {
    const fields = [int8(this.#datasetId), Buffer.from(part), int4(ordinal), Buffer.from(digest)];
    const count = Buffer.alloc(2);
    count.writeInt16BE(FIELDS);
    return Buffer.concat([
      count,
      ...fields.flatMap((field) => [int4(field.length), field]),
      int4(bytes.length),
    ]);
  }
}

function int4(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function int8(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(value));
  return bytes;
}
