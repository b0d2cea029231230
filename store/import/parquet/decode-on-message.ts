// Runs in the thread that decodes a Parquet file: sends one batch of rows for each request.
import { parentPort, workerData } from 'node:worker_threads';
import { MalformedFile } from '../rows/row-source.ts';
import { openParquetFile, type ParquetInput } from './parquet-file.ts';
import { type ParquetAnswer } from './parquet-thread.ts';

const post = (answer: ParquetAnswer): void => parentPort?.postMessage(answer);

try {
  const file = await openParquetFile(workerData as ParquetInput);
  const batches = file.batches();
  parentPort?.on('message', () => void sendNext());
  post({ kind: 'opened', header: file.header, types: file.types });

  async function sendNext(): Promise<void> {
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
  // Any other failure ends the thread, which emits an error event.
  if (!(error instanceof MalformedFile)) throw error;
  post({ kind: 'malformed', at: error.at, problem: error.message });
}
