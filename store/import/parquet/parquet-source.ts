// Reads a Parquet file as a source of rows.
import { type ImportTable } from '../rows/import-table.ts';
import { type Batch, type RowSource } from '../rows/row-source.ts';
import { ParquetThread } from './parquet-thread.ts';

/** A slice is decoded in a second or two; a damaged one may never finish. */
const TIMEOUT_MS = 60_000;

/**
 * Opens a Parquet file and reads its metadata. It is decoded in a thread, one batch ahead of the caller.
 *
 * @param timeoutMs maximum time in milliseconds for decoding one batch
 * @throws MalformedFile if it is not Parquet, or if a column has contents that a table column cannot have
 */
export async function openParquet(
  file: { readonly name: string; readonly path: string },
  { columns }: Pick<ImportTable, 'columns'>,
  timeoutMs = TIMEOUT_MS,
): Promise<RowSource> {
  const thread = new ParquetThread({ name: file.name, path: file.path, columns }, timeoutMs);
  try {
    const opened = await thread.answer();
    return {
      header: opened.kind === 'opened' ? opened.header : [],
      types: opened.kind === 'opened' ? opened.types : [],
      headerAt: file.name,
      emptyIsMissing: false,
      assumed: undefined,
      place: (at) => `${file.name} row ${at}`,
      batches: () => batchesOf(thread),
      close: () => thread.close(),
    };
  } catch (error) {
    await thread.close();
    throw error;
  }
}

async function* batchesOf(thread: ParquetThread): AsyncGenerator<Batch, void> {
  thread.ask();
  for (;;) {
    const answer = await thread.answer();
    if (answer.kind !== 'batch') return;
    thread.ask();
    yield answer.batch;
  }
}
