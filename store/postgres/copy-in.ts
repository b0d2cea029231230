// COPY … FROM STDIN over a connection of pg, with back-pressure.
import type pg from 'pg';

// Less, and this process would idle while Postgres works, and Postgres while this process does.
const MAX_WAITING_BYTES = 1024 * 1024;

const COPY_DATA = 0x64;

/** The part of pg's connection that COPY needs and its published types leave out. */
interface CopyConnection extends pg.Connection {
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
  sendCopyFail(reason: string): void;
}

/**
 * A COPY under way. While it is open the connection can do nothing else, so every one is ended or aborted.
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

  /** @returns once Postgres is ready for data */
  static async open(client: pg.ClientBase, statement: string): Promise<CopyIn> {
    const copy = new CopyIn(statement);
    client.query(copy);
    await copy.#opened;
    return copy;
  }

  /**
   * Sends lines in COPY's text format, or bytes in its binary one; waits while much of what was sent has not left.
   *
   * @throws pg.DatabaseError where Postgres refused something sent before
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
   * Sends bytes of COPY's binary format where they lie: pg would copy them twice. They must not change before the promise
   * settles, which is when all of them have left.
   *
   * @throws pg.DatabaseError where Postgres refused something sent before
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
      // After a failure nothing more leaves, and who waits hears why from what follows.
      stream.write(NOTHING, () => resolve());
      stream.uncork();
    });
    await Promise.race([left, this.#finished]);
  }

  /** @throws pg.DatabaseError where Postgres refused a row */
  end(): Promise<void> {
    if (!this.#failure) this.#connection?.endCopyFrom();
    return this.#finished;
  }

  /** Gives up; the transaction is then good for a rollback only. Never throws. */
  async abort(): Promise<void> {
    if (!this.#failure) this.#connection?.sendCopyFail('given up by the client');
    await this.#finished.catch(() => undefined);
  }

  // What follows is called by pg.

  submit(connection: pg.Connection): void {
    this.#connection = connection as CopyConnection;
    connection.query(this.#statement);
  }

  handleCopyInResponse(): void {
    this.#open();
  }

  handleCommandComplete(): void {
    // ReadyForQuery follows, and only then may the connection be used again.
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

/** Type and length of a message; the length counts itself and not the type. */
function messageHead(length: number): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(COPY_DATA);
  head.writeInt32BE(length + 4, 1);
  return head;
}
