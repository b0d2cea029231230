// What the steps of the demo share.
import { type Services } from '../connections.ts';
import { type Say } from '../runs/follow-run.ts';
import { type Servers } from '../start-servers.ts';

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
