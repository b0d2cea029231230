// The thread that decodes a Parquet file, as whoever reads the file sees it.
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { paths } from '../../../paths.ts';
import { type Batch, MalformedFile } from '../rows/row-source.ts';
import { type ParquetFile, type ParquetInput } from './parquet-file.ts';

/** What the thread says: once `opened`, then one answer to each time it is asked. */
export type ParquetAnswer =
  | { readonly kind: 'opened'; readonly header: readonly string[]; readonly types: ParquetFile['types'] }
  | { readonly kind: 'batch'; readonly batch: Batch }
  | { readonly kind: 'end' }
  | { readonly kind: 'malformed'; readonly at: string; readonly problem: string };

/**
 * Decodes in a thread, so that a damaged file over which the decoder never ends can be given up, and one that asks for
 * more memory than there is ends the thread and not the process.
 */
export class ParquetThread {
  readonly #thread: Worker;
  readonly #file: string;
  readonly #patienceMs: number;
  #answer: ParquetAnswer | undefined;
  #failure: string | undefined;
  #wake = (): void => undefined;

  /** Begins to open the file; `answer` gives `opened`. @param patienceMs longest time for one answer */
  constructor(input: ParquetInput, patienceMs: number) {
    this.#file = input.name;
    this.#patienceMs = patienceMs;
    // The thread registers what it needs itself: no flag of this process may leak into it.
    this.#thread = new Worker(paths.parquetThread, { workerData: input, execArgv: [] });
    this.#thread.on('message', (answer: ParquetAnswer) => {
      this.#answer = answer;
      this.#wake();
    });
    this.#thread.on('error', (error: unknown) => this.#fail((error as Error).message));
    this.#thread.on('exit', () => this.#fail('the thread that decodes it ended'));
  }

  /** Asks for the next batch, which is decoded while the caller does other things. */
  ask(): void {
    this.#thread.postMessage('next');
  }

  /** Waits for what was asked for. @throws MalformedFile where the file is broken, or the answer does not come in time */
  async answer(): Promise<Exclude<ParquetAnswer, { kind: 'malformed' }>> {
    if (this.#answer === undefined && this.#failure === undefined) await this.#wait();
    const answer = this.#answer;
    this.#answer = undefined;
    if (answer?.kind === 'malformed') throw new MalformedFile(answer.at, answer.problem);
    if (answer !== undefined) return answer;
    throw new MalformedFile(this.#file, `cannot be read: ${this.#failure}`);
  }

  /** Ends the thread, whatever it does. */
  async close(): Promise<void> {
    await this.#thread.terminate();
  }

  async #wait(): Promise<void> {
    const answered = new AbortController();
    const outOfPatience = delay(this.#patienceMs, undefined, { signal: answered.signal }).then(
      () =>
        this.#fail(
          `it is damaged; a piece of it was still being decoded after ${this.#patienceMs / 1_000} s`,
        ),
      () => undefined,
    );
    await Promise.race([new Promise<void>((resolve) => (this.#wake = resolve)), outOfPatience]);
    answered.abort();
  }

  #fail(words: string): void {
    this.#failure ??= words;
    this.#wake();
  }
}
