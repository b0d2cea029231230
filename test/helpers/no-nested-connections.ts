// In every test, work that holds a connection and asks the same pool for another fails the run: in production, several of
// it at the same moment would wait for each other. Loads nothing of ours, for each test file pays for it.
import { subscribe } from 'node:diagnostics_channel';

/** Fails the run with the place of the second request. */
export const refuseNested = (stack: unknown): never => {
  throw new Error(`this work holds a connection and asks its pool for another:\n${String(stack)}`);
};

subscribe('tidegate:nested-connection', refuseNested);
