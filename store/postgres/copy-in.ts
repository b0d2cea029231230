// Runs COPY … FROM STDIN over a pg connection, with back-pressure.
import type pg from 'pg';

// With a smaller buffer, this process would idle while Postgres works, and the other way round.
const MAX_WAITING_BYTES = 1024 * 1024;

const COPY_DATA = 0x64;

/** Methods of pg's connection that COPY needs and that are missing from its published types. */
interface CopyConnection extends pg.Connection {
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
  sendCopyFail(reason: string): void;
}

/**
 * A running COPY. The connection can do nothing else until it is ended or aborted.
 *
 * @example
 * const copy = await CopyIn.open(client, 'copy scores from stdin');
 * await copy.write('ann\t0.7\n');
 * await copy.end();
 */
export class CopyIn implements pg.Submittable {
  readonly #statement: string;
  readonly #opened: Promise<void>;
  readonly #finished: Promise<void>;
  #connection: CopyConnection | undefined;
  #failure: Error | undefined;
  #open = (): void => undefined;
  #finish = (): void => undefined;
  #fail = (error: Error): void => void error;

  private constructor(statement: string) {
    this.#statement = statement;
    this.#finished = new Promise((resolve, reject) => {
      this.#finish = resolve;
      this.#fail = reject;
    });
    this.#opened = new Promise((resolve, reject) => {
      this.#open = resolve;
      this.#finished.catch(reject);
    });
  }

  /** Starts a COPY. @returns when Postgres is ready for data */
  static async open(client: pg.ClientBase, statement: string): Promise<CopyIn> {
    const copy = new CopyIn(statement);
    client.query(copy);
    await copy.#opened;
    return copy;
  }

  /**
   * Sends lines in COPY's text format or bytes in its binary format; waits while more than 1 MiB is still unsent.
   *
   * @throws pg.DatabaseError if Postgres refused earlier data
   */
  async write(data: string | Buffer): Promise<void> {
    const connection = this.#connection;
    if (this.#failure || !connection) return this.#finished;
    connection.sendCopyFromChunk(typeof data === 'string' ? Buffer.from(data) : data);
    if (connection.stream.writableLength > MAX_WAITING_BYTES) {
      await new Promise<void>((resolve) => {
        connection.stream.once('drain', resolve);
        this.#finished.then(resolve, () => resolve());
      });
    }
  }

  /**
   * Sends buffers of COPY's binary format without copying them (pg would copy them twice). They must not change until the
   * promise settles, which means that all bytes have been sent.
   *
   * @throws pg.DatabaseError if Postgres refused earlier data
   */
  async send(pieces: readonly Buffer[]): Promise<void> {
    const stream = this.#connection?.stream;
    if (this.#failure || !stream) return this.#finished;
    const left = new Promise<void>((resolve) => {
      stream.cork();
      for (const piece of pieces) {
        stream.write(messageHead(piece.length));
        stream.write(piece);
      }
      // After a failure this callback never runs; the race below then rejects with the reason.
      stream.write(NOTHING, () => resolve());
      stream.uncork();
    });
    await Promise.race([left, this.#finished]);
  }

  /** Finishes the COPY. @throws pg.DatabaseError if Postgres refused a row */
  end(): Promise<void> {
    if (!this.#failure) this.#connection?.endCopyFrom();
    return this.#finished;
  }

  /** Aborts the COPY; the transaction can then only be rolled back. Never throws. */
  async abort(): Promise<void> {
    if (!this.#failure) this.#connection?.sendCopyFail('given up by the client');
    await this.#finished.catch(() => undefined);
  }

  // The methods below are called by pg.

  submit(connection: pg.Connection): void {
    this.#connection = connection as CopyConnection;
    connection.query(this.#statement);
  }

  handleCopyInResponse(): void {
    this.#open();
  }

  handleCommandComplete(): void {
    // The connection can be used again only after ReadyForQuery, which follows.
  }

  handleReadyForQuery(): void {
    this.#finish();
  }

  handleError(error: Error): void {
    this.#failure = error;
    this.#fail(error);
  }
}

const NOTHING = Buffer.alloc(0);

/** The head of a message: its type and its length, which includes the length field but not the type. */
function messageHead(length: number): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(COPY_DATA);
  head.writeInt32BE(length + 4, 1);
  return head;
}
