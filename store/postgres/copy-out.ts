// Runs COPY … TO STDOUT in Postgres' binary format over a pg connection, one row at a time.
import type pg from 'pg';
import { CopyTap } from './copy-tap.ts';

/** Bytes as the server sent them. The memory is reused after the call that receives them. */
export interface WireBytes {
  readonly bytes: Buffer;
  /** A DataView of the same memory, because a DataView reads numbers much faster than a Buffer does. */
  readonly view: DataView;
}

/**
 * Receives a row; `start` is the offset of its field count. A row consists of its field count (two bytes) and, for
 * each field, the length (four bytes; −1 for null) and the bytes. If a promise is returned, nothing more is read
 * until it settles.
 */
export type TakeWireRow = (wire: WireBytes, start: number) => void | Promise<void>;

/**
 * Receives the fields of one row; SQL NULL is passed as `null`. The memory of the fields is reused after the call. If a
 * promise is returned, nothing more is read until it settles.
 */
export type TakeRow = (fields: readonly (Buffer | null)[]) => unknown;

// "PGCOPY\n\xff\r\n\0", four bytes of flags and four of the length of an extension, which no server sends.
const HEADER_BYTES = 19;
const TRAILER = -1;

/**
 * Runs a `copy (…) to stdout (format binary)` and passes each row to `take` as it arrives. Nothing is buffered, so a slow
 * reader slows the server down.
 *
 * @throws pg.DatabaseError if Postgres fails; any error that `take` throws, after the remaining rows were skipped
 * @example await copyOut(client, 'copy (select bytes from chunk) to stdout (format binary)', ([bytes]) => hash(bytes));
 */
export const copyOut = (client: pg.ClientBase, statement: string, take: TakeRow): Promise<void> =>
  copyRows(client, statement, ({ bytes }, start) => {
    const waiting = take(fieldsAt(bytes, start));
    return waiting instanceof Promise ? waiting.then(() => undefined) : undefined;
  });

/** Runs a binary COPY and passes on the bytes of each row without splitting it into fields. @throws as {@link copyOut} */
export function copyRows(client: pg.ClientBase, statement: string, take: TakeWireRow): Promise<void> {
  let isFirst = true;
  let wire = viewOf(Buffer.alloc(0));
  return CopyTap.run(client, statement, (memory, start, end) => {
    if (memory !== wire.bytes) wire = viewOf(memory);
    // The server sends the header with the first row, and each further row as one message.
    const at = isFirst ? start + HEADER_BYTES : start;
    isFirst = false;
    if (end - at < 2 || wire.view.getInt16(at) === TRAILER) return;
    return take(wire, at);
  });
}

const viewOf = (bytes: Buffer): WireBytes => ({
  bytes,
  view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
});

function fieldsAt(memory: Buffer, start: number): (Buffer | null)[] {
  const count = memory.readInt16BE(start);
  const fields = new Array<Buffer | null>(count);
  let at = start + 2;
  for (let field = 0; field < count; field += 1) {
    const length = memory.readInt32BE(at);
    at += 4;
    fields[field] = length < 0 ? null : memory.subarray(at, at + length);
    at += Math.max(0, length);
  }
  return fields;
}
