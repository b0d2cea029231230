// COPY … TO STDOUT in Postgres' binary format over a connection of pg, a row at a time.
import type pg from 'pg';

/** The fields of one row, null where the field is; they lie in memory that is used again after the call. */
export type TakeRow = (fields: readonly (Buffer | null)[]) => void;

// "PGCOPY\n\xff\r\n\0", flags and the length of an extension that no server sends.
const HEADER_BYTES = 19;
const TRAILER = -1;

/**
 * A binary COPY under way. Rows are handed over as they arrive: nothing is kept, and a slow reader slows the server.
 *
 * @example await CopyOut.run(client, 'copy (select bytes from chunk) to stdout (format binary)', ([bytes]) => hash(bytes));
 */
export class CopyOut implements pg.Submittable {
  readonly #statement: string;
  readonly #take: TakeRow;
  readonly #finished: Promise<void>;
  #failure: unknown;
  #isFirst = true;
  #finish = (): void => undefined;
  #fail = (reason: unknown): void => void reason;

  private constructor(statement: string, take: TakeRow) {
    this.#statement = statement;
    this.#take = take;
    this.#finished = new Promise((resolve, reject) => {
      this.#finish = resolve;
      this.#fail = reject;
    });
  }

  /**
   * Runs a `copy (…) to stdout (format binary)`.
   *
   * @throws pg.DatabaseError where Postgres fails; whatever `take` throws, once the rest has gone by unread
   */
  static run(client: pg.ClientBase, statement: string, take: TakeRow): Promise<void> {
    const copy = new CopyOut(statement, take);
    client.query(copy);
    return copy.#finished;
  }

  // What follows is called by pg.

  submit(connection: pg.Connection): void {
    connection.query(this.#statement);
  }

  handleCopyData({ chunk }: { readonly chunk: Buffer }): void {
    if (this.#failure !== undefined) return;
    try {
      // The server sends the header with the first row, and each further row as one message.
      const row = fieldsOf(chunk, this.#isFirst ? HEADER_BYTES : 0);
      this.#isFirst = false;
      if (row) this.#take(row);
    } catch (error) {
      this.#failure = error ?? new Error('the reader of a COPY failed');
    }
  }

  handleCommandComplete(): void {
    // ReadyForQuery follows, and only then may the connection be used again.
  }

  handleReadyForQuery(): void {
    if (this.#failure === undefined) this.#finish();
    else this.#fail(this.#failure);
  }

  handleError(error: Error): void {
    this.#failure = error;
    this.#fail(error);
  }
}

/** The fields of a message, or nothing where it holds no row. */
function fieldsOf(message: Buffer, start: number): (Buffer | null)[] | undefined {
  if (message.length < start + 2) return undefined;
  const count = message.readInt16BE(start);
  if (count === TRAILER) return undefined;
  const fields = new Array<Buffer | null>(count);
  let at = start + 2;
  for (let field = 0; field < count; field += 1) {
    const length = message.readInt32BE(at);
    at += 4;
    fields[field] = length < 0 ? null : message.subarray(at, at + length);
    at += Math.max(0, length);
  }
  return fields;
}
