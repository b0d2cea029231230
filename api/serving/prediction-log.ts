// Logs predictions in batches, beside the answers and never in their way.
import { type FastifyBaseLogger } from 'fastify';
import { isTemporary } from '../../store/postgres-failure.ts';
import { type LoggedPrediction } from '../../store/serving/predictions.ts';
import { singleFlight } from './single-flight.ts';

/** Writes one batch. */
export type WriteBatch = (rows: readonly LoggedPrediction[]) => Promise<void>;

/** Settings of a prediction log. */
export interface PredictionLogOptions {
  readonly write: WriteBatch;
  readonly logger: FastifyBaseLogger;
  /** Rows written by one statement, and how many wait before writing begins at once. @default 1000 */
  readonly batch?: number;
  /** Rows kept while the database does not take them; more are dropped and counted. @default 50000 */
  readonly capacity?: number;
  /** How often waiting rows are written, in milliseconds. @default 1000 */
  readonly everyMs?: number;
}

/** A bounded buffer of predictions, flushed each second or when a batch is full. */
export class PredictionLog {
  readonly #write: WriteBatch;
  readonly #logger: FastifyBaseLogger;
  readonly #batch: number;
  readonly #capacity: number;
  readonly #timer: NodeJS.Timeout;
  readonly #flush = singleFlight(() => this.#drain());
  #waiting: LoggedPrediction[] = [];
  #unreachable = false;
  #dropped = 0;
  #droppedBefore = 0;

  constructor({ write, logger, batch = 1_000, capacity = 50_000, everyMs = 1_000 }: PredictionLogOptions) {
    this.#write = write;
    this.#logger = logger;
    this.#batch = batch;
    this.#capacity = capacity;
    this.#timer = setInterval(() => void this.#flush(), everyMs);
  }

  /** Predictions that were never written, since the start. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Adds predictions; returns at once and never throws. */
  append(rows: readonly LoggedPrediction[]): void {
    const room = Math.max(0, this.#capacity - this.#waiting.length);
    for (const row of rows.slice(0, room)) this.#waiting.push(row);
    this.#dropped += Math.max(0, rows.length - room);
    // While the database is away the timer alone tries: an attempt for each request would help nobody.
    if (this.#waiting.length >= this.#batch && !this.#unreachable) void this.#flush();
  }

  /** Writes what waits and stops; what still cannot be written is dropped. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#flush();
    this.#dropped += this.#waiting.length;
    this.#waiting = [];
    this.#tellDropped();
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      const rows = this.#waiting.splice(0, this.#batch);
      try {
        await this.#write(rows);
        this.#unreachable = false;
      } catch (error) {
        this.#logger.warn({ err: error, rows: rows.length }, 'predictions could not be logged');
        this.#unreachable = isTemporary(error);
        if (this.#unreachable) {
          this.#putBack(rows);
          break;
        }
        // The rows themselves were refused; they would be refused again.
        this.#dropped += rows.length;
      }
    }
    this.#tellDropped();
  }

  #putBack(rows: LoggedPrediction[]): void {
    const kept = rows.concat(this.#waiting);
    this.#dropped += Math.max(0, kept.length - this.#capacity);
    this.#waiting = kept.slice(0, this.#capacity);
  }

  #tellDropped(): void {
    const dropped = this.#dropped - this.#droppedBefore;
    this.#droppedBefore = this.#dropped;
    if (dropped > 0)
      this.#logger.error({ dropped, total: this.#dropped }, 'predictions were dropped from the log');
  }
}
