// Training in a thread of its own, so that the worker's main thread keeps heartbeating.
import { Worker } from 'node:worker_threads';
import { type ErrorCode, TidegateError } from '../../domain/errors.ts';
import { type Frame } from '../../domain/features/frame.ts';
import { type Artifact } from '../../domain/learning/artifact.ts';
import { type TrainingOptions } from '../../domain/learning/trainer.ts';

/** What is trained, on which rows, and how. */
export interface TrainingInput {
  readonly frame: Frame;
  readonly rows: Uint32Array;
  /** Name of a trainer. */
  readonly trainer: string;
  readonly options: TrainingOptions;
}

/** What the thread posts. */
export type TrainingMessage =
  | { readonly kind: 'progress'; readonly share: number }
  | { readonly kind: 'done'; readonly artifact: Artifact }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly message: string };

/** How the caller watches and stops a training. */
export interface TrainingControl {
  readonly signal: AbortSignal;
  readonly onProgress: (share: number) => void;
}

/**
 * Fits in a worker thread. Aborting the signal ends the thread at once.
 *
 * @throws the signal's reason when aborted; TidegateError with the trainer's code; TRAINING_THREAD_FAILED when the
 * thread died
 */
export async function trainInThread(
  input: TrainingInput,
  { signal, onProgress }: TrainingControl,
): Promise<Artifact> {
  signal.throwIfAborted();
  const thread = new Worker(new URL('./thread.mjs', import.meta.url), { workerData: input });
  let stop: (() => void) | undefined;
  try {
    return await new Promise<Artifact>((resolve, reject) => {
      stop = () => reject(signal.reason as Error);
      signal.addEventListener('abort', stop);
      thread.on('message', (message: TrainingMessage) => {
        if (message.kind === 'progress') onProgress(message.share);
        else if (message.kind === 'done') resolve(message.artifact);
        else reject(new TidegateError(message.code, message.message));
      });
      thread.on('error', (error) => reject(threadFailed(error.message, error)));
      thread.on('exit', (code) => reject(threadFailed(`it ended with code ${code} and no result`)));
    });
  } finally {
    if (stop) signal.removeEventListener('abort', stop);
    await thread.terminate();
  }
}

const threadFailed = (why: string, cause?: unknown): TidegateError =>
  new TidegateError('TRAINING_THREAD_FAILED', `the training thread failed: ${why}`, { cause });
