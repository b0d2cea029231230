// Tells a story step by step, with the seconds since it began before each line.
import { type Output } from '../../output/output.ts';
import { type Say } from '../../runs/follow-run.ts';
import { type Services } from '../../shared/connections.ts';
import { type Servers } from '../start/start-servers.ts';
import { TidegateError } from '../../../domain/errors.ts';
import { day, three } from '../../output/format.ts';
import { predict } from '../../shared/ask-api.ts';

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

/** The model that the demo tells of. */
export const MODEL = 'churn';

/** Who acts: the person who applies the model may not approve what comes of it. */
export const people = { applies: 'ada', approves: 'grace' } as const;

/** What a step works with. */
export interface Scene {
  readonly services: Services;
  readonly servers: Servers;
  /** The demo's data folder. */
  readonly folder: string;
  /** Tells one line of the step. */
  readonly note: Say;
}

/** The subscriber whose prediction is followed through the story. */
export const SUBSCRIBER = 'sf-0000042';

/** A prediction and the version it came from. */
export interface Asked {
  readonly version: number;
  readonly score: number;
  /** Instant of the features. */
  readonly asOf: string;
}

/** Asks for the subscriber's prediction and tells it. */
export async function askPrediction({ servers, note }: Scene): Promise<Asked> {
  const answer = await predict(servers.apiUrl, MODEL, { key: { user_id: SUBSCRIBER } });
  const [prediction] = answer.predictions;
  if (!prediction) throw new TidegateError('INTERNAL', 'the API answered without a prediction');
  const asOf = prediction.as_of ? day(new Date(prediction.as_of)) : 'unknown';
  note(`user ${SUBSCRIBER}: ${three(prediction.score)} by version ${answer.version}, features as of ${asOf}`);
  return { version: answer.version, score: prediction.score, asOf };
}
