// COPY … TO STDOUT in Postgres' binary format over a connection of pg, the fields of a row at a time.
import type pg from 'pg';
import { CopyTap } from './copy-tap.ts';

/** Bytes as they came from the server; they are used again after the call that they were handed to. */
export interface WireBytes {
  readonly bytes: Buffer;
  /** The same bytes: a number is read from a view much faster than from a buffer. */
  readonly view: DataView;
}

/**
 * Takes a row where its count of fields begins: two bytes of count, then for each field four bytes of length, −1 for
 * null, and its bytes. Where it gives a promise, nothing more is read until that is settled.
 */
export type TakeWireRow = (wire: WireBytes, start: number) => void | Promise<void>;

/**
 * Takes the fields of one row, null where the field is; they lie in memory that is used again after the call. Where it
 * gives a promise, nothing more is read until that is settled.
 */
export type TakeRow = (fields: readonly (Buffer | null)[]) => unknown;

// "PGCOPY\n\xff\r\n\0", flags and the length of an extension that no server sends.
const HEADER_BYTES = 19;
const TRAILER = -1;

/**
 * Runs a `copy (…) to stdout (format binary)`. Rows are handed over as they arrive: nothing is kept, and a slow reader
 * slows the server.
 *
 * @throws pg.DatabaseError where Postgres fails; whatever `take` throws, once the rest has gone by unread
 * @example await copyOut(client, 'copy (select bytes from chunk) to stdout (format binary)', ([bytes]) => hash(bytes));
 */
export const copyOut = (client: pg.ClientBase, statement: string, take: TakeRow): Promise<void> =>
  copyRows(client, statement, ({ bytes }, start) => {
    const waiting = take(fieldsAt(bytes, start));
    return waiting instanceof Promise ? waiting.then(() => undefined) : undefined;
  });

/** Runs a binary COPY and hands over each row as it lies. @throws as {@link copyOut}; or what a promise failed with */
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
