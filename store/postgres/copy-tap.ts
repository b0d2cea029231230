// Reads the rows of a COPY … TO STDOUT directly from the socket of a pg connection, bypassing pg's parser.
import { type Duplex } from 'node:stream';
import type pg from 'pg';

/**
 * Receives the bytes of one message, from `start` to `end`. The memory is reused after the call. If a promise is
 * returned, nothing more is read until it settles.
 */
export type TakeMessage = (memory: Buffer, start: number, end: number) => void | Promise<void>;

/** Methods that are missing from pg's types. */
interface Extended {
  parse(statement: { readonly text: string }): void;
  bind(portal: object): void;
  execute(portal: object): void;
  sync(): void;
}

type Listener = (bytes: Buffer) => void;

// A message begins with its type and its length, which includes the length field but not the type.
const HEAD_BYTES = 5;
const COPY_DATA = 0x64;
const COPY_DONE = 0x63;
const ERROR_RESPONSE = 0x45;
const MIN_SCRATCH = 65_536;
// If fewer bytes than this arrived in one turn of the event loop, the socket is paused briefly. Postgres sends 8 kB
// at a time, and waking up for each piece costs this process and the server as much as the rows themselves.
const WORTH_A_TURN = 131_072;
const REST_MS = 1;
// A COPY of fewer bytes than this is over before pausing would save anything.
const SHORT_BYTES = 4 * 1024 * 1024;
const NOTHING = Buffer.alloc(0);

/**
 * Reads a COPY as fast as the socket delivers it. pg's own parser makes an object and a buffer for each row, and copies a
 * long row several times as it grows. Here a row that arrived in one piece is passed on without a copy, and a row that
 * arrived in several pieces is assembled once. All other messages go to pg's parser unchanged.
 *
 * An assembled row ends at a multiple of eight bytes in its memory, so that numbers at its end can be read through a
 * typed array. Rows longer than 64 kB are always assembled.
 *
 * @example await CopyTap.run(client, 'copy t to stdout (format binary)', (memory, start, end) => count(end - start));
 */
export class CopyTap implements pg.Submittable {
  readonly #statement: string;
  readonly #take: TakeMessage;
  readonly #finished: Promise<void>;
  #failure: { readonly reason: unknown } | undefined;
  #finish = (): void => undefined;
  #fail = (reason: unknown): void => void reason;

  #parsers: readonly Listener[] = [];
  #giveBack = (): void => undefined;
  #stream: Duplex | undefined;
  /** Bytes received so far, and bytes received in this turn of the event loop. */
  #total = 0;
  #brought = 0;
  /** Whether a promise of `take` is pending, and the bytes that arrived meanwhile. */
  #isWaiting = false;
  #later: Buffer = NOTHING;
  /** The head of a message that was split between two reads. */
  readonly #head = Buffer.alloc(HEAD_BYTES);
  #headFilled = 0;
  /** Bytes still missing from the current message, and whether it is a row. */
  #lacking = 0;
  #isRow = false;
  /** The bytes received so far of a row that was split, from `#start` to `#filled`. */
  #scratch = Buffer.alloc(0);
  #start = 0;
  #filled = 0;

  private constructor(statement: string, take: TakeMessage) {
    this.#statement = statement;
    this.#take = take;
    this.#finished = new Promise((resolve, reject) => {
      this.#finish = resolve;
      this.#fail = reject;
    });
  }

  /**
   * Runs a `copy … to stdout`.
   *
   * @throws pg.DatabaseError if Postgres fails; any error that `take` throws, after the remaining rows were skipped
   */
  static run(client: pg.ClientBase, statement: string, take: TakeMessage): Promise<void> {
    const copy = new CopyTap(statement, take);
    client.query(copy);
    return copy.#finished;
  }

  // The methods below are called by pg.

  submit(connection: pg.Connection): void {
    // pg's types hide the socket.
    const { stream } = connection as pg.Connection & { readonly stream: Duplex };
    const read = (bytes: Buffer): void => {
      if (this.#brought === 0) setImmediate(() => this.#endTurn());
      this.#brought += bytes.length;
      this.#read(bytes);
    };
    this.#stream = stream;
    this.#parsers = stream.listeners('data') as Listener[];
    this.#giveBack = () => {
      this.#giveBack = () => undefined;
      this.#stream = undefined;
      stream.off('data', read);
      for (const parser of this.#parsers) stream.on('data', parser);
    };
    for (const parser of this.#parsers) stream.off('data', parser);
    stream.on('data', read);
    // Use the extended protocol, because it accepts only a single statement.
    const wire = connection as unknown as Extended;
    stream.cork();
    wire.parse({ text: this.#statement });
    wire.bind({});
    wire.execute({});
    wire.sync();
    stream.uncork();
  }

  handleCommandComplete(): void {
    // The connection can be used again only after ReadyForQuery, which follows.
  }

  handleReadyForQuery(): void {
    if (this.#failure === undefined) this.#finish();
    else this.#fail(this.#failure.reason);
  }

  handleError(error: Error): void {
    this.#giveBack();
    this.#failure ??= { reason: error };
    this.#fail(this.#failure.reason);
  }

  #read(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.#isWaiting) {
        this.#later = bytes.subarray(at);
        return;
      }
      if (this.#lacking > 0) {
        at = this.#continue(bytes, at);
        continue;
      }
      let head = bytes;
      let headAt = at;
      if (this.#headFilled > 0 || bytes.length - at < HEAD_BYTES) {
        const copied = bytes.copy(this.#head, this.#headFilled, at);
        this.#headFilled += copied;
        at += copied;
        if (this.#headFilled < HEAD_BYTES) return;
        this.#headFilled = 0;
        head = this.#head;
        headAt = 0;
      } else {
        at += HEAD_BYTES;
      }
      const type = head[headAt];
      this.#isRow = type === COPY_DATA;
      this.#lacking = head.readInt32BE(headAt + 1) - 4;
      if (type === COPY_DONE || type === ERROR_RESPONSE) {
        // No row follows, so pg's parser gets the remaining bytes and the connection.
        this.#giveBack();
        this.#handOn(Buffer.from(head.subarray(headAt, headAt + HEAD_BYTES)));
        this.#handOn(bytes.subarray(at));
        return;
      }
      if (!this.#isRow) this.#handOn(Buffer.from(head.subarray(headAt, headAt + HEAD_BYTES)));
      else if (this.#lacking > bytes.length - at) this.#makeRoom();
      else {
        this.#handOver(bytes, at, at + this.#lacking);
        at += this.#lacking;
        this.#lacking = 0;
      }
    }
  }

  /** Consumes the bytes of the current message, from `at`. @returns the offset of the next message */
  #continue(bytes: Buffer, at: number): number {
    const end = Math.min(bytes.length, at + this.#lacking);
    this.#lacking -= end - at;
    if (!this.#isRow) {
      this.#handOn(bytes.subarray(at, end));
      return end;
    }
    this.#filled += bytes.copy(this.#scratch, this.#filled, at, end);
    if (this.#lacking === 0) this.#handOver(this.#scratch, this.#start, this.#filled);
    return end;
  }

  #makeRoom(): void {
    const needed = this.#lacking + 8;
    if (this.#scratch.length < needed) {
      // A new ArrayBuffer, because slices of a shared buffer pool are not aligned.
      this.#scratch = Buffer.from(new ArrayBuffer(Math.max(needed, MIN_SCRATCH, 2 * this.#scratch.length)));
    }
    this.#start = (8 - (this.#lacking % 8)) % 8;
    this.#filled = this.#start;
  }

  #handOver(memory: Buffer, start: number, end: number): void {
    if (this.#failure !== undefined) return;
    try {
      const waiting = this.#take(memory, start, end);
      if (waiting instanceof Promise) this.#waitFor(waiting);
    } catch (reason) {
      this.#failure = { reason };
    }
  }

  #endTurn(): void {
    const stream = this.#stream;
    const isWorthIt = this.#brought >= WORTH_A_TURN;
    this.#total += this.#brought;
    this.#brought = 0;
    // If the connection has been returned, its next user decides whether its socket is read.
    if (isWorthIt || this.#total < SHORT_BYTES || this.#isWaiting || stream === undefined) return;
    stream.pause();
    setTimeout(() => {
      if (!this.#isWaiting) stream.resume();
    }, REST_MS);
  }

  #waitFor(waiting: Promise<void>): void {
    const stream = this.#stream;
    this.#isWaiting = true;
    stream?.pause();
    void waiting
      .catch((reason: unknown) => (this.#failure ??= { reason }))
      .then(() => {
        this.#isWaiting = false;
        const later = this.#later;
        this.#later = NOTHING;
        this.#read(later);
        if (!this.#isWaiting) stream?.resume();
      });
  }

  #handOn(bytes: Buffer): void {
    if (bytes.length > 0) for (const parser of this.#parsers) parser(bytes);
  }
}
