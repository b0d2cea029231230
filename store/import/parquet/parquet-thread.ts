// Starts and controls the thread that decodes a Parquet file.
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { paths } from '../../../paths.ts';
import { type Batch, MalformedFile } from '../rows/row-source.ts';
import { type ParquetFile, type ParquetInput } from './parquet-file.ts';

/** Messages of the thread: first `opened`, then one answer to each request. */
export type ParquetAnswer =
  | { readonly kind: 'opened'; readonly header: readonly string[]; readonly types: ParquetFile['types'] }
  | { readonly kind: 'batch'; readonly batch: Batch }
  | { readonly kind: 'end' }
  | { readonly kind: 'malformed'; readonly at: string; readonly problem: string };

/**
 * Decodes in a thread, so that decoding a damaged file can be stopped if it never ends, and a file that needs too
 * much memory ends only the thread and not the process.
 */
export class ParquetThread {
  readonly #thread: Worker;
  readonly #file: string;
  readonly #timeoutMs: number;
  #answer: ParquetAnswer | undefined;
  #failure: string | undefined;
  #wake = (): void => undefined;

  /** Starts opening the file; the first `answer` is `opened`. @param timeoutMs maximum time for one answer */
  constructor(input: ParquetInput, timeoutMs: number) {
    this.#file = input.name;
    this.#timeoutMs = timeoutMs;
    // The thread loads what it needs itself, so it must not inherit Node flags of this process.
    this.#thread = new Worker(paths.parquetThread, { workerData: input, execArgv: [] });
    this.#thread.on('message', (answer: ParquetAnswer) => {
      this.#answer = answer;
      this.#wake();
    });
    this.#thread.on('error', (error: unknown) => this.#fail((error as Error).message));
    this.#thread.on('exit', () => this.#fail('the thread that decodes it ended'));
  }

  /** Requests the next batch, which is decoded in the background. */
  ask(): void {
    this.#thread.postMessage('next');
  }

  /**
   * Waits for the answer to the last request. @throws MalformedFile if the file is malformed or the answer takes too
   * long
   */
  async answer(): Promise<Exclude<ParquetAnswer, { kind: 'malformed' }>> {
    if (this.#answer === undefined && this.#failure === undefined) await this.#wait();
    const answer = this.#answer;
    this.#answer = undefined;
    if (answer?.kind === 'malformed') throw new MalformedFile(answer.at, answer.problem);
    if (answer !== undefined) return answer;
    throw new MalformedFile(this.#file, `cannot be read: ${this.#failure}`);
  }

  /** Ends the thread, even while it is decoding. */
  async close(): Promise<void> {
    await this.#thread.terminate();
  }

  async #wait(): Promise<void> {
    const answered = new AbortController();
    const timedOut = delay(this.#timeoutMs, undefined, { signal: answered.signal }).then(
      () =>
        this.#fail(`it is damaged; a piece of it was still being decoded after ${this.#timeoutMs / 1_000} s`),
      () => undefined,
    );
    await Promise.race([new Promise<void>((resolve) => (this.#wake = resolve)), timedOut]);
    answered.abort();
  }

  #fail(reason: string): void {
    this.#failure ??= reason;
    this.#wake();
  }
}
