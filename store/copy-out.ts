// COPY … TO STDOUT in Postgres' binary format over a connection of pg, the fields of a row at a time.
import type pg from 'pg';
import { CopyTap, type TakeMessage } from './copy-tap.ts';

/** The fields of one row, null where the field is; they lie in memory that is used again after the call. */
export type TakeRow = (fields: readonly (Buffer | null)[]) => void;

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
  copyRows(client, statement, (memory, start) => take(fieldsAt(memory, start)));

/**
 * Runs a binary COPY and hands over each row where its count of fields begins: two bytes of count, then for each field
 * four bytes of length, −1 for null, and its bytes.
 */
export function copyRows(client: pg.ClientBase, statement: string, take: TakeMessage): Promise<void> {
  let isFirst = true;
  return CopyTap.run(client, statement, (memory, start, end) => {
    // The server sends the header with the first row, and each further row as one message.
    const at = isFirst ? start + HEADER_BYTES : start;
    isFirst = false;
    if (end - at < 2 || memory.readInt16BE(at) === TRAILER) return;
    take(memory, at, end);
  });
}

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
