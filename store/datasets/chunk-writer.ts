// Writes the chunks of a dataset beside the reading: a row of the window is never waited for by both.
import type pg from 'pg';
import { CopyIn } from '../import/copy-in.ts';
import { type Chunk } from './chunk.ts';

const SIGNATURE = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
const END = Buffer.from([0xff, 0xff]);
const FIELDS = 5;

/**
 * Copies chunks into a transaction's connection, some at a time. Each time is a COPY of its own: Postgres keeps the rows
 * of a binary COPY in memory, however long they are, until there are a thousand or it ends, and only then begins to store
 * them.
 */
export class ChunkWriter {
  readonly #client: pg.ClientBase;
  readonly #datasetId: number;
  #sending: Promise<void> = Promise.resolve();
  #isSending = false;
  /** The bytes on their way. */
  #room: Buffer = Buffer.alloc(0);

  constructor(client: pg.ClientBase, datasetId: number) {
    this.#client = client;
    this.#datasetId = datasetId;
  }

  /**
   * Sends chunks and returns at once. Their bytes are copied, so they may change after the call.
   *
   * @throws RangeError where the chunks before are not stored yet
   * @example await writer.stored(); writer.send(table.takeChunks());
   */
  send(chunks: readonly Chunk[]): void {
    if (this.#isSending)
      throw new RangeError('the chunks before are not stored yet; stored() waits for them');
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
    // Whoever waits for it hears of its failure.
    this.#sending.catch(() => undefined);
  }

  /** Waits until all that was sent is stored. @throws pg.DatabaseError where Postgres refused something */
  stored(): Promise<void> {
    return this.#sending;
  }

  /** Waits until the connection is free, however it went. */
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

  /** All of a chunk's row but its bytes, which come last. */
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
