// Writes the chunks of a dataset in one COPY, beside the reading: a row of the window is never waited for by both.
import type pg from 'pg';
import { CopyIn } from '../import/copy-in.ts';
import { type Chunk } from './chunk.ts';

const SIGNATURE = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
const END = Buffer.from([0xff, 0xff]);
const FIELDS = 5;

/** A COPY of chunks under way; ended or aborted by whoever opened it. */
export class ChunkWriter {
  readonly #copy: CopyIn;
  readonly #datasetId: number;
  #sending: Promise<void> = Promise.resolve();
  #isSending = false;
  /** The bytes on their way. */
  #room: Buffer = Buffer.alloc(0);

  private constructor(copy: CopyIn, datasetId: number) {
    this.#copy = copy;
    this.#datasetId = datasetId;
  }

  /** Begins to write on a connection that is in a transaction. */
  static async open(client: pg.ClientBase, datasetId: number): Promise<ChunkWriter> {
    const copy = await CopyIn.open(
      client,
      'copy tidegate.dataset_chunk (dataset_id, part, ordinal, digest, bytes) from stdin (format binary)',
    );
    await copy.write(SIGNATURE);
    return new ChunkWriter(copy, datasetId);
  }

  /**
   * Sends chunks and returns at once. Their bytes are copied, so they may change after the call.
   *
   * @throws RangeError where the chunks before have not left
   * @example await writer.sent(); writer.send(table.takeChunks());
   */
  send(chunks: readonly Chunk[]): void {
    if (this.#isSending) throw new RangeError('the chunks before have not left; sent() waits for them');
    const size = chunks.reduce((sum, { bytes }) => sum + bytes.length, 0);
    if (this.#room.length < size) this.#room = Buffer.allocUnsafeSlow(size);
    let end = 0;
    const pieces = chunks.flatMap((chunk) => {
      const start = end;
      end += chunk.bytes.copy(this.#room, start);
      return [this.#headOf(chunk), this.#room.subarray(start, end)];
    });
    this.#isSending = true;
    this.#sending = this.#copy.send(pieces).finally(() => (this.#isSending = false));
    // Whoever waits for it hears of its failure.
    this.#sending.catch(() => undefined);
  }

  /** Waits until all that was given has left. @throws pg.DatabaseError where Postgres refused something */
  sent(): Promise<void> {
    return this.#sending;
  }

  /** @throws pg.DatabaseError where Postgres refused a chunk */
  async end(): Promise<void> {
    await this.#sending;
    await this.#copy.write(END);
    await this.#copy.end();
  }

  /** Gives up; the transaction is then good for a rollback only. Never throws. */
  abort(): Promise<void> {
    return this.#copy.abort();
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
