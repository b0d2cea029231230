// Prints the demo step by step, each line with the seconds since the start. Also names the demo's model and people.
import { type Output } from '../../output/output.ts';
import { type Say } from '../../../operations/follow-run.ts';
import { type Services } from '../../shared/connections.ts';
import { type Servers } from '../start/start-servers.ts';
import { TidegateError } from '../../../domain/errors.ts';
import { day, three } from '../../output/format.ts';
import { sameName } from '../../../domain/decisions/written-text.ts';
import { type Role } from '../../../domain/identity/roles.ts';
import { localPerson } from '../../shared/arguments.ts';
import { type ApiAccess, askApi, predict } from '../../shared/ask-api.ts';

/** How a story is printed. */
export interface StoryOptions {
  readonly output: Output;
  /** How many steps there are. */
  readonly steps: number;
  /** Returns milliseconds since any fixed point in time. @default performance.now */
  readonly clock?: () => number;
}

/** Numbers the steps and times every line. */
export class Story {
  readonly #output: Output;
  readonly #steps: number;
  readonly #clock: () => number;
  readonly #began: number;
  #begun = 0;

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

  /** Prints a step's title, then runs it. */
  async step<T>(title: string, run: (note: Say) => Promise<T>): Promise<T> {
    this.#begun += 1;
    this.#print(`[${this.#begun}/${this.#steps}] ${title}`);
    return run(this.note);
  }

  /** Prints one line below the current step. */
  readonly note: Say = (text) => this.#print(`      ${text.trim()}`);

  #print(text: string): void {
    this.#output.line(`${this.seconds.toFixed(1).padStart(6)} s  ${text}`);
  }
}

/** The demo's model. */
export const MODEL = 'churn';

/** The people of the demo. ada applies the model and starts its runs, grace approves what they made. */
export interface People {
  readonly ada: ApiAccess;
  readonly grace: ApiAccess;
}

const ROLES_OF = { ada: 'trainer', grace: 'approver' } as const satisfies Record<keyof People, Role>;

/** Makes the people of the demo, each with a key of their own. */
export async function makePeople(admin: ApiAccess): Promise<People> {
  const keyFor = async (account: keyof People): Promise<ApiAccess> => {
    // The person at this machine is an admin already, and may have the same name.
    const isNew = !sameName(account, localPerson());
    const { key } = await askApi<{ readonly key: string }>(admin, 'POST', ['keys'], {
      account,
      roles: [ROLES_OF[account]],
      note: 'demo',
      ...(isNew && { create: 'person' }),
    });
    return { url: admin.url, key };
  };
  return { ada: await keyFor('ada'), grace: await keyFor('grace') };
}

/** Passed to each step of the demo: connections, addresses, and a way to print. */
export interface Scene {
  readonly services: Services;
  readonly servers: Servers;
  readonly people: People;
  /** The demo's data folder. */
  readonly folder: string;
  /** Prints one line below the current step. */
  readonly note: Say;
}

/** The subscriber whose prediction is compared before and after the second version. */
export const SUBSCRIBER = 'sf-0000042';

/** A prediction and the version it came from. */
export interface Asked {
  readonly version: number;
  readonly score: number;
  /** As-of instant of the features, or `unknown`. */
  readonly asOf: string;
}

/** Asks the API for a prediction for {@link SUBSCRIBER} and prints it. */
export async function askPrediction({ servers, note }: Scene): Promise<Asked> {
  const answer = await predict(servers.api, MODEL, {
    key: { user_id: SUBSCRIBER },
  });
  const [prediction] = answer.predictions;
  if (!prediction) throw new TidegateError('INTERNAL', 'the API answered without a prediction');
  const asOf = prediction.as_of ? day(new Date(prediction.as_of)) : 'unknown';
  note(`user ${SUBSCRIBER}: ${three(prediction.score)} by version ${answer.version}, features as of ${asOf}`);
  return { version: answer.version, score: prediction.score, asOf };
}
