// Fails the test run if a task holds a connection and asks the same pool for another: in production, several
// such tasks at the same time would deadlock. Imports nothing of ours, because every test file loads this file.
import { subscribe } from 'node:diagnostics_channel';

/** Throws an error with the stack of the second request. */
export const refuseNested = (stack: unknown): never => {
  throw new Error(`this work holds a connection and asks its pool for another:\n${String(stack)}`);
};

subscribe('tidegate:nested-connection', refuseNested);
