// Decisions on one version that are sent at once: a few at a time, the others in the order in which they came.
import { TidegateError } from '../../domain/errors.ts';

/**
 * Decisions on one version that are with Temporal at once, for each process. A run takes ten updates at a time, from all
 * processes; more would be refused there, and sent again and again.
 */
const MAX_AT_ONCE = 4;

/** Decisions on one version that wait in this process; with so many before it, one is answered at once. */
const MAX_WAITING = 500;

/** How long a decision may wait for its turn, in milliseconds. */
const PATIENCE_MS = 20_000;

interface Line {
  atOnce: number;
  readonly waiting: (() => void)[];
}

/** Gives turns to what is sent on one version. */
export class DecisionTurns {
  readonly #lines = new Map<string, Line>();
  readonly #patienceMs: number;

  /** @param patienceMs how long a turn is waited for. @default 20000 */
  constructor(patienceMs = PATIENCE_MS) {
    this.#patienceMs = patienceMs;
  }

  /**
   * Runs `work` when its turn has come.
   *
   * @throws TidegateError TOO_MANY_DECISIONS when it has not come in time, or too many wait; `work` then never runs
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

  /** Resolves once another has handed its turn on. */
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
        reject(tooMany(`none was answered for ${this.#patienceMs / 1_000} s`));
      }, this.#patienceMs);
      waiting.push(given);
    });
  }
}
