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
   * Sends chunks and returns at once; `sent` waits. Their bytes are copied, so they may change after the call.
   *
   * @example await writer.sent(); writer.send(table.takeChunks());
   */
  send(chunks: readonly Chunk[]): void {
    const messages = chunks.map((chunk) => this.#messageOf(chunk));
    this.#sending = this.#sending.then(async () => {
      for (const message of messages) await this.#copy.write(message);
    });
    // Whoever waits for it hears of its failure.
    this.#sending.catch(() => undefined);
  }

  /** Waits until all but the last megabyte has left. @throws pg.DatabaseError where Postgres refused something */
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

  #messageOf({ part, ordinal, digest, bytes }: Chunk): Buffer {
    const fields = [int8(this.#datasetId), Buffer.from(part), int4(ordinal), Buffer.from(digest), bytes];
    const count = Buffer.alloc(2);
    count.writeInt16BE(FIELDS);
    return Buffer.concat([count, ...fields.flatMap((field) => [int4(field.length), field])]);
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
