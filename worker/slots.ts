// How many activities a worker process runs concurrently, and how many connections they need.
import { availableParallelism } from 'node:os';
import { MAX_HELD } from '../store/postgres/connections.ts';

/** Concurrent activities by task queue. */
export interface Slots {
  /** Steps of the loops. */
  readonly loops: number;
  /** Steps that profile a part of a large window or judge a recipe; each keeps a processor busy. */
  readonly parts: number;
  /** Steps that a person waits for. Most run a few statements; some wait for API instances. */
  readonly people: number;
  /** Notifications, which use no connection. */
  readonly notices: number;
}

/**
 * Returns the slots of a process. Each step of the loops computes on all processors and keeps a window in memory. So
 * there is one slot per processor and one for a step that waits for Postgres, but at most eight in all; more would be
 * slower and need more memory.
 *
 * @param processors number of processors. @default those of the machine
 */
export const slotsFor = (processors: number = availableParallelism()): Slots => ({
  loops: Math.min(8, processors + 1),
  parts: 1,
  people: 32,
  notices: 4,
});

/**
 * Connections reserved for short steps that a person waits for; if all are in use, a further step waits, usually for
 * milliseconds.
 */
const CONNECTIONS_FOR_PEOPLE = 8;

/** Returns a pool size with which no step has to wait for a connection that another step holds for long. */
export const poolSize = ({ loops, parts, people }: Slots): number =>
  (loops + parts) * MAX_HELD + Math.min(people, CONNECTIONS_FOR_PEOPLE);
