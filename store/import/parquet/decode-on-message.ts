// Inside the thread that decodes a Parquet file: gives one batch of rows for each time it is asked.
import { parentPort, workerData } from 'node:worker_threads';
import { MalformedFile } from '../rows/row-source.ts';
import { openParquetFile, type ParquetInput } from './parquet-file.ts';
import { type ParquetAnswer } from './parquet-thread.ts';

const post = (answer: ParquetAnswer): void => parentPort?.postMessage(answer);

try {
  const file = await openParquetFile(workerData as ParquetInput);
  const batches = file.batches();
  parentPort?.on('message', () => void giveNext());
  post({ kind: 'opened', header: file.header, types: file.types });

  async function giveNext(): Promise<void> {
    try {
      const { done, value } = await batches.next();
      post(done === true ? { kind: 'end' } : { kind: 'batch', batch: value });
    } catch (error) {
      postFailure(error);
    }
  }
} catch (error) {
  postFailure(error);
}

function postFailure(error: unknown): void {
  // Any other failure ends the thread, which says so itself.
  if (!(error instanceof MalformedFile)) throw error;
  post({ kind: 'malformed', at: error.at, problem: error.message });
}
