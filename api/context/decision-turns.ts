// Limits how many decisions on one version are sent to Temporal at the same time; the others queue in order of arrival.
import { TidegateError } from '../../domain/errors.ts';

/**
 * How many decisions on one version this process sends to Temporal at the same time. A run accepts ten concurrent updates
 * from all processes together; Temporal would refuse more, and the client would keep sending them again.
 */
const MAX_AT_ONCE = 4;

/** How many decisions on one version may queue in this process; further ones are refused immediately. */
const MAX_WAITING = 500;

/** How long a decision may wait for its turn, in milliseconds. */
const PATIENCE_MS = 20_000;

interface Line {
  atOnce: number;
  readonly waiting: (() => void)[];
}

/** Queues of decisions, one for each version. */
export class DecisionTurns {
  readonly #lines = new Map<string, Line>();
  readonly #patienceMs: number;

  /** @param patienceMs how long to wait for a turn, in milliseconds. @default 20000 */
  constructor(patienceMs = PATIENCE_MS) {
    this.#patienceMs = patienceMs;
  }

  /**
   * Waits for a turn and runs `work`.
   *
   * @throws TidegateError TOO_MANY_DECISIONS if the turn did not come in time or the queue is full; `work` then never runs
   */
  async take<T>(version: string, work: () => Promise<T>): Promise<T> {
    const line = this.#lines.get(version) ?? { atOnce: 0, waiting: [] };
    this.#lines.set(version, line);
    if (line.atOnce < MAX_AT_ONCE) line.atOnce += 1;
    else await this.#turn(version, line);
    try {
      return await work();
    } finally {
      const next = line.waiting.shift();
      if (next) next();
      else if ((line.atOnce -= 1) === 0) this.#lines.delete(version);
    }
  }

  /** Waits in the queue of a version; resolves when an earlier decision has ended and it is this decision's turn. */
  #turn(version: string, { waiting }: Line): Promise<void> {
    const tooMany = (why: string): TidegateError =>
      new TidegateError(
        'TOO_MANY_DECISIONS',
        `other decisions on ${version} came first: ${why}; this one was not sent`,
      );
    if (waiting.length >= MAX_WAITING) return Promise.reject(tooMany(`${MAX_WAITING} wait`));
    return new Promise((resolve, reject) => {
      const given = (): void => {
        clearTimeout(clock);
        resolve();
      };
      const clock = setTimeout(() => {
        waiting.splice(waiting.indexOf(given), 1);
        reject(tooMany(`none of them was answered within ${this.#patienceMs / 1_000} s`));
      }, this.#patienceMs);
      waiting.push(given);
    });
  }
}
