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

/** Upper ends of the buckets in which the duration of requests is reported, in seconds. */
export const DURATION_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5] as const;

/** Requests of one version since this process started. */
export interface RequestTotals extends VersionRef {
  /** By result: answered, refused because of the request, or failed because of the server. */
  readonly results: Record<'answered' | 'refused' | 'failed', number>;
  /** Answered requests by duration, one for each of {@link DURATION_BUCKETS}, and those that took longer. */
  readonly durations: number[];
  /** Sum of these durations, in seconds. */
  seconds: number;
}

/** At most this many versions have totals; the one that was first asked is dropped. */
const MAX_TOTALS = 5_000;

interface Counted extends ServingMinute {
  answered: number;
  refused: number;
  failed: number;
  readonly latency: Record<string, number>;
  readonly totals: RequestTotals;
}

/** Counts in memory; a write sends the whole count of a minute, so that a write that is repeated counts nothing twice. */
export class RequestCounts {
  readonly #database: Database;
  readonly #instance: string;
  readonly #logger: FastifyBaseLogger;
  readonly #minutes = new Map<string, Counted>();
  readonly #totals = new Map<string, RequestTotals>();
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
      counted = {
        ...{ model, version, minute: new Date(minute), answered: 0, refused: 0, failed: 0, latency: {} },
        totals: this.#totalsOf({ model, version }),
      };
      this.#minutes.set(key, counted);
    }
    this.#changed.add(key);
    const { totals } = counted;
    const result = status >= 500 ? 'failed' : status >= 400 ? 'refused' : 'answered';
    counted[result] += 1;
    totals.results[result] += 1;
    if (result === 'answered') {
      const seconds = ms / 1_000;
      const place = DURATION_BUCKETS.findIndex((end) => seconds <= end);
      totals.durations[place === -1 ? DURATION_BUCKETS.length : place]! += 1;
      totals.seconds += seconds;
      const bucket = latencyBucket(ms);
      counted.latency[bucket] = (counted.latency[bucket] ?? 0) + 1;
    }
  }

  /** Requests of each version since this process started. */
  get totals(): readonly RequestTotals[] {
    return [...this.#totals.values()];
  }

  #totalsOf({ model, version }: VersionRef): RequestTotals {
    const key = `${version}/${model}`;
    let totals = this.#totals.get(key);
    if (totals) return totals;
    const [first] = this.#totals.keys();
    if (this.#totals.size >= MAX_TOTALS && first !== undefined) this.#totals.delete(first);
    const durations = new Array<number>(DURATION_BUCKETS.length + 1).fill(0);
    totals = { model, version, results: { answered: 0, refused: 0, failed: 0 }, durations, seconds: 0 };
    this.#totals.set(key, totals);
    return totals;
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
