// How much a worker process does at once, and how many connections that takes.
import { availableParallelism } from 'node:os';
import { MAX_HELD } from '../store/postgres/connections.ts';

/** Activities at once, by task queue. */
export interface Slots {
  /** Steps of the loops. */
  readonly loops: number;
  /** Parts of large windows and recipes: each keeps a processor busy by itself. */
  readonly parts: number;
  /** What a person waits for. Most of it is a few statements; some waits for API instances to follow. */
  readonly people: number;
  /** Notifications, which use no connection. */
  readonly notices: number;
}

/**
 * The slots of a process. Steps of the loops compute on all processors and hold a window in memory each: more at once
 * than processors and one that waits for Postgres take longer, not shorter, and more memory.
 *
 * @param processors of the machine. @default what it has
 */
export const slotsFor = (processors: number = availableParallelism()): Slots => ({
  loops: Math.min(8, processors + 1),
  parts: 1,
  people: 32,
  notices: 4,
});

/** So many short steps that a person waits for can have a connection at once; the others wait for milliseconds. */
const CONNECTIONS_FOR_PEOPLE = 8;

/** Connections with which no step ever waits for one that another step holds for long. */
export const poolSize = ({ loops, parts, people }: Slots): number =>
  (loops + parts) * MAX_HELD + Math.min(people, CONNECTIONS_FOR_PEOPLE);
