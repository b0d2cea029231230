// Tells a story step by step, with the seconds since it began before each line.
import { type Output } from '../output/output.ts';
import { type Say } from '../runs/follow-run.ts';

/** What a story is told with. */
export interface StoryOptions {
  readonly output: Output;
  /** How many steps there are. */
  readonly steps: number;
  /** Milliseconds, of any origin. @default performance.now */
  readonly clock?: () => number;
}

/** Numbers the steps and times every line. */
export class Story {
  readonly #output: Output;
  readonly #steps: number;
  readonly #clock: () => number;
  readonly #began: number;
  #told = 0;

  constructor({ output, steps, clock = () => performance.now() }: StoryOptions) {
    this.#output = output;
    this.#steps = steps;
    this.#clock = clock;
    this.#began = clock();
  }

  /** Seconds since the story began. */
  get seconds(): number {
    return (this.#clock() - this.#began) / 1_000;
  }

  /** Tells a step's title, then lets it happen. */
  async step<T>(title: string, happen: (note: Say) => Promise<T>): Promise<T> {
    this.#told += 1;
    this.#tell(`[${this.#told}/${this.#steps}] ${title}`);
    return happen(this.note);
  }

  /** Tells one line of the step that happens. */
  readonly note: Say = (text) => this.#tell(`      ${text.trim()}`);

  #tell(text: string): void {
    this.#output.line(`${this.seconds.toFixed(1).padStart(6)} s  ${text}`);
  }
}
