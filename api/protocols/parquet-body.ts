// Reads the rows of a body in Parquet. A thread decodes it, because a damaged file can keep the decoder busy without end.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TidegateError } from '../../domain/errors.ts';
import { openParquet } from '../../store/import/parquet/parquet-source.ts';
import { MalformedFile } from '../../store/import/rows/row-source.ts';
import { MAX_TABLE_ROWS, type RequestTable } from './request-table.ts';
import { tableOfCells, type WantedColumns } from './text-cells.ts';

/** How long one file may take, in milliseconds; 4 MB take a fraction of a second. */
const TIMEOUT_MS = 10_000;

/** How many bodies may wait while another one is decoded. */
const MAX_WAITING = 16;

let last: Promise<unknown> = Promise.resolve();
let waiting = 0;

/**
 * Reads Parquet as `DataFrame.to_parquet` writes it. The process decodes one body at a time.
 *
 * @throws TidegateError INVALID_REQUEST if it is not Parquet; NOT_READY if too many bodies are waiting
 */
export async function readParquet(bytes: Buffer, wanted: WantedColumns): Promise<RequestTable> {
  if (waiting >= MAX_WAITING)
    throw new TidegateError('NOT_READY', `${waiting} bodies in Parquet are waiting to be decoded`, {
      remedy: 'Send the request again later, or send JSON or CSV, which need no decoding thread.',
    });
  waiting += 1;
  const turn = last.then(() => decode(bytes, wanted));
  last = turn.catch(() => undefined);
  try {
    return await turn;
  } catch (error) {
    if (error instanceof MalformedFile)
      throw new TidegateError('INVALID_REQUEST', `${error.at} ${error.message}`, { cause: error });
    throw error;
  } finally {
    waiting -= 1;
  }
}

async function decode(bytes: Buffer, wanted: WantedColumns): Promise<RequestTable> {
  const folder = await mkdtemp(join(tmpdir(), 'tidegate-body-'));
  try {
    const path = join(folder, 'body.parquet');
    await writeFile(path, bytes, { mode: 0o600 });
    const source = await openParquet({ name: 'the body', path }, { columns: [] }, TIMEOUT_MS);
    try {
      const rows: (string | null)[][] = [];
      for await (const batch of source.batches()) {
        rows.push(...batch.rows.map(({ cells }) => [...cells]));
        // The table refuses the rows; there is no need to decode the rest.
        if (rows.length > MAX_TABLE_ROWS) break;
      }
      return tableOfCells(source.header, rows, wanted);
    } finally {
      await source.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
