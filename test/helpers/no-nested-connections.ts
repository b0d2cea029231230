// Fails the test run if a task holds a connection and asks the same pool for another: in production, several
// such tasks at the same time would deadlock. Imports nothing of ours, because every test file loads this file.
import { subscribe } from 'node:diagnostics_channel';

const KEY = Symbol.for('tidegate.test.refuse-nested');
const shared = globalThis as unknown as Record<symbol, ((stack: unknown) => never) | undefined>;
const isNew = shared[KEY] === undefined;

/** Throws an error with the stack of the second request. One function for all test files of a process. */
export const refuseNested = (shared[KEY] ??= (stack: unknown): never => {
  throw new Error(`this work holds a connection and asks its pool for another:\n${String(stack)}`);
});

if (isNew) subscribe('tidegate:nested-connection', refuseNested);
