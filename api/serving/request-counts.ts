// Counts prediction requests by version and minute, and writes the counts in the background.
import { type FastifyBaseLogger } from 'fastify';
import { latencyBucket } from '../../domain/performance/latency-counts.ts';
import { type Database } from '../../store/postgres/database.ts';
import {
  removeOldMinutes,
  type ServingMinute,
  writeServingMinutes,
} from '../../store/registry/serving-minutes.ts';
import { type VersionRef } from '../../store/registry/wanted-versions.ts';
import { singleFlight } from './single-flight.ts';

/** How often counts are written, in milliseconds. */
const EVERY_MS = 5_000;

/** How often old counts of all processes are deleted, in milliseconds. */
const TIDY_EVERY_MS = 3_600_000;

/** At most this many minutes are kept while they cannot be written; the oldest are dropped. */
const MAX_MINUTES = 1_000;

const MINUTE_MS = 60_000;

interface Counted extends ServingMinute {
  answered: number;
  refused: number;
  failed: number;
  readonly latency: Record<string, number>;
}

/** Counts in memory; a write sends the whole count of a minute, so that a write that is repeated counts nothing twice. */
export class RequestCounts {
  readonly #database: Database;
  readonly #instance: string;
  readonly #logger: FastifyBaseLogger;
  readonly #minutes = new Map<string, Counted>();
  /** Keys of the minutes that changed since they were last written. */
  readonly #changed = new Set<string>();
  #timers: NodeJS.Timeout[] = [];

  /** Writes now what has changed. */
  readonly flush = singleFlight(() => this.#write());

  constructor(database: Database, instance: string, logger: FastifyBaseLogger) {
    this.#database = database;
    this.#instance = instance;
    this.#logger = logger;
  }

  /** Begins to write every five seconds. */
  start(): void {
    const tidy = (): void => void removeOldMinutes(this.#database).catch(() => undefined);
    this.#timers = [setInterval(() => void this.flush(), EVERY_MS), setInterval(tidy, TIDY_EVERY_MS)];
  }

  /**
   * Counts one request.
   *
   * @param status of the answer: 200, 4xx or 5xx
   * @param ms how long it took
   */
  count({ model, version }: VersionRef, status: number, ms: number): void {
    const minute = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS;
    const key = `${minute}/${version}/${model}`;
    let counted = this.#minutes.get(key);
    if (!counted) {
      counted = { model, version, minute: new Date(minute), answered: 0, refused: 0, failed: 0, latency: {} };
      this.#minutes.set(key, counted);
    }
    this.#changed.add(key);
    if (status >= 500) counted.failed += 1;
    else if (status >= 400) counted.refused += 1;
    else {
      counted.answered += 1;
      const bucket = latencyBucket(ms);
      counted.latency[bucket] = (counted.latency[bucket] ?? 0) + 1;
    }
  }

  /** Writes what remains and stops; counts that cannot be written now are lost. */
  async close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await this.flush();
  }

  async #write(): Promise<void> {
    const keys = [...this.#changed];
    const minutes = keys.flatMap((key) => this.#minutes.get(key) ?? []);
    this.#changed.clear();
    try {
      if (minutes.length > 0) await writeServingMinutes(this.#database, this.#instance, minutes);
    } catch (error) {
      for (const key of keys) this.#changed.add(key);
      this.#logger.debug({ err: error }, 'the counts of requests could not be written; they are kept');
    }
    this.#forget();
  }

  /** Forgets minutes that are over and written, and the oldest ones if there are too many. */
  #forget(): void {
    const current = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS;
    for (const [key, { minute }] of this.#minutes) {
      const isDone = minute.getTime() < current && !this.#changed.has(key);
      if (!isDone && this.#minutes.size <= MAX_MINUTES) continue;
      this.#minutes.delete(key);
      this.#changed.delete(key);
    }
  }
}
