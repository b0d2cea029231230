// Logs predictions in batches in the background, without delaying answers.
import { type FastifyBaseLogger } from 'fastify';
import { isTemporary, postgresFailure } from '../../store/postgres/postgres-failure.ts';
import { type LoggedPrediction, UnknownOutcome } from '../../store/registry/predictions.ts';
import { singleFlight } from './single-flight.ts';

/** Writes predictions to the database. */
export interface PredictionStore {
  /** Writes one batch, all or none. @throws UnknownOutcome if it is not known whether it was written */
  write(rows: readonly LoggedPrediction[]): Promise<void>;
  /** Finds out whether a transaction was committed; undefined while it is still running. */
  wasCommitted(transaction: string): Promise<boolean | undefined>;
}

/** Settings of a prediction log. */
export interface PredictionLogOptions extends PredictionStore {
  readonly logger: FastifyBaseLogger;
  /** Rows written by one statement; as soon as this many wait, they are written. @default 1000 */
  readonly batch?: number;
  /** Maximum number of rows kept while they cannot be written; further rows are dropped and counted. @default 50000 */
  readonly capacity?: number;
  /** Maximum memory of these rows, in estimated bytes; further rows are dropped and counted. @default 128 MiB */
  readonly capacityBytes?: number;
  /** How often waiting rows are written, in milliseconds. @default 1000 */
  readonly everyMs?: number;
  /** How long the last attempt may take while the log is being closed, in milliseconds. @default 5000 */
  readonly closeWithinMs?: number;
}

/** Why predictions were dropped. `full`: the buffer was full; `refused`: Postgres refused the row; `stopped`: the process stopped. */
export type DropReason = 'full' | 'refused' | 'stopped';

/** State of the log. */
export interface PredictionLogState {
  /** Number of rows that are not written yet. */
  readonly waiting: number;
  /** Since when rows have been waiting, if that is five seconds or more or an attempt failed; absent if the log is up to date. */
  readonly behindSince?: Date;
  /** Error of the last attempt; absent if it succeeded. */
  readonly problem?: string;
  /** Number of predictions dropped since the start, by reason. */
  readonly dropped: Readonly<Record<DropReason, number>>;
}

interface Waiting {
  readonly row: LoggedPrediction;
  readonly bytes: number;
  readonly since: number;
  /** How often this row failed alone in a batch with a temporary error, although other rows were written in between. */
  failedAlone: number;
  /** How many rows the log had written in total when this row last failed alone. */
  writtenThen: number;
}

interface Doubtful {
  readonly batch: Waiting[];
  readonly transaction: string;
}

/** If a row has waited longer than this, the log counts as behind. Milliseconds; rows are normally written every second. */
const BEHIND_MS = 5_000;

/** A row that fails alone this often while other rows are written is dropped, even if its error is a temporary one. */
const MAX_ALONE = 5;

/** How often an unchanged problem is logged again, in milliseconds. */
const REPEAT_LOG_MS = 60_000;

/**
 * A bounded buffer of predictions, written every second or as soon as a batch is full. After an error that is temporary,
 * or that a person can correct, rows are kept and tried again every second in smaller batches. If Postgres refuses a row,
 * only that row is dropped. If the outcome of a commit is unknown, it is looked up, so that no row is written twice.
 */
export class PredictionLog {
  readonly #store: PredictionStore;
  readonly #logger: FastifyBaseLogger;
  readonly #batch: number;
  readonly #capacity: number;
  readonly #capacityBytes: number;
  readonly #closeWithinMs: number;
  readonly #timer: NodeJS.Timeout;
  readonly #flush = singleFlight(() => this.#drain());
  readonly #dropped: Record<DropReason, number> = { full: 0, refused: 0, stopped: 0 };
  #waiting: Waiting[] = [];
  /** Rows taken out of `#waiting` and neither written nor dropped yet. */
  #inHand: Waiting[] = [];
  #bytes = 0;
  #doubtful: Doubtful | undefined;
  #size: number;
  #written = 0;
  #droppedBefore = 0;
  #problem: { text: string; since: number; loggedAt: number } | undefined;
  #closed = false;

  constructor({
    logger,
    batch = 1_000,
    capacity = 50_000,
    capacityBytes = 128 * 1024 * 1024,
    everyMs = 1_000,
    closeWithinMs = 5_000,
    ...store
  }: PredictionLogOptions) {
    this.#store = store;
    this.#logger = logger;
    this.#batch = batch;
    this.#size = batch;
    this.#capacity = capacity;
    this.#capacityBytes = capacityBytes;
    this.#closeWithinMs = closeWithinMs;
    this.#timer = setInterval(() => void this.#flush(), everyMs);
  }

  /** Number of predictions dropped since the start. */
  get dropped(): number {
    return this.#dropped.full + this.#dropped.refused + this.#dropped.stopped;
  }

  /** Current state of the log. */
  get state(): PredictionLogState {
    const oldest = this.#doubtful?.batch[0] ?? this.#inHand[0] ?? this.#waiting[0];
    const since = this.#problem?.since ?? oldest?.since;
    const isBehind = oldest && since !== undefined && (this.#problem || Date.now() - since >= BEHIND_MS);
    return {
      waiting: this.#count(),
      ...(isBehind && { behindSince: new Date(since) }),
      ...(this.#problem && { problem: this.#problem.text }),
      dropped: { ...this.#dropped },
    };
  }

  /** Adds predictions; returns immediately and never throws. */
  append(rows: readonly LoggedPrediction[]): void {
    const since = Date.now();
    for (const row of rows) {
      const bytes = sizeOf(row);
      if (this.#closed) this.#dropped.stopped += 1;
      else if (this.#count() >= this.#capacity || this.#bytes + bytes > this.#capacityBytes) {
        this.#dropped.full += 1;
      } else {
        this.#waiting.push({ row, bytes, since, failedAlone: 0, writtenThen: 0 });
        this.#bytes += bytes;
      }
    }
    // While there is a problem, only the timer tries again; an attempt for each request would not help.
    if (this.#waiting.length >= this.#batch && !this.#problem) void this.#flush();
  }

  /** Writes the waiting rows within a deadline and stops; rows that are still not written are dropped and counted. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, this.#closeWithinMs);
    });
    await Promise.race([this.#flush(), late]);
    clearTimeout(timer);
    this.#closed = true;
    this.#dropped.stopped += this.#count();
    this.#waiting = [];
    this.#inHand = [];
    this.#doubtful = undefined;
    this.#reportDropped();
  }

  #count(): number {
    return this.#waiting.length + this.#inHand.length + (this.#doubtful?.batch.length ?? 0);
  }

  async #drain(): Promise<void> {
    try {
      if (!(await this.#settleDoubt())) return;
      while (this.#waiting.length > 0) {
        this.#inHand = this.#waiting.splice(0, this.#size);
        if (!(await this.#write(this.#inHand))) break;
        this.#size = Math.min(this.#batch, this.#size * 2);
      }
    } finally {
      this.#reportDropped();
    }
  }

  /** Looks up whether the batch with an unknown outcome was written. @returns whether that is known now */
  async #settleDoubt(): Promise<boolean> {
    if (!this.#doubtful) return true;
    const { batch, transaction } = this.#doubtful;
    try {
      const committed = await this.#store.wasCommitted(transaction);
      if (this.#closed || committed === undefined) return false;
      this.#doubtful = undefined;
      if (committed) this.#done(batch);
      else this.#waiting = batch.concat(this.#waiting);
      return true;
    } catch (error) {
      this.#reportProblem(error, batch.length);
      return false;
    }
  }

  /** Writes a batch; finds refused rows by splitting it in halves. @returns whether to continue with the next batch */
  async #write(batch: Waiting[]): Promise<boolean> {
    try {
      await this.#store.write(batch.map(({ row }) => row));
      if (this.#closed) return false;
      this.#take(batch);
      this.#done(batch);
      return true;
    } catch (error) {
      if (this.#closed) return false;
      if (error instanceof UnknownOutcome) {
        this.#doubtful = { batch, transaction: error.transaction };
        this.#take(batch);
        this.#putBack();
        this.#reportProblem(error, batch.length);
        return false;
      }
      if (this.#isRowsFault(error)) return this.#splitOrDrop(batch, error);
      this.#reportProblem(error, batch.length);
      this.#keepForLater(batch, error);
      return false;
    }
  }

  /** Whether the rows caused an error: Postgres blames a value, or a row could not even be sent to Postgres. */
  #isRowsFault(error: unknown): boolean {
    const blame = postgresFailure(error)?.blame;
    return blame === 'values' || (blame === undefined && !isTemporary(error));
  }

  async #splitOrDrop(batch: Waiting[], error: unknown): Promise<boolean> {
    const [only] = batch;
    if (batch.length > 1) {
      const middle = batch.length >> 1;
      return (await this.#write(batch.slice(0, middle))) && this.#write(batch.slice(middle));
    }
    this.#take(batch);
    if (only) this.#refuse(only, error);
    return true;
  }

  #refuse({ row: { model, version }, bytes }: Waiting, error: unknown): void {
    this.#bytes -= bytes;
    this.#dropped.refused += 1;
    this.#logger.warn({ err: error, model, version }, 'a prediction cannot be logged');
  }

  /**
   * Keeps a batch for later and halves the batch size. Small batches isolate a row that causes a seemingly temporary error,
   * and are more likely to finish in time if a statement timeout is short.
   */
  #keepForLater(batch: Waiting[], error: unknown): void {
    const [only] = batch;
    this.#size = Math.max(1, batch.length >> 1);
    if (!only || batch.length > 1) return this.#putBack();
    if (this.#written > only.writtenThen) only.failedAlone += 1;
    only.writtenThen = this.#written;
    this.#take(batch);
    this.#putBack();
    if (only.failedAlone >= MAX_ALONE) this.#refuse(only, error);
    // Moved to the end, so that the next attempt starts with another row.
    else this.#waiting.push(only);
  }

  /** Moves the rows of `#inHand` back to the front of the queue. */
  #putBack(): void {
    this.#waiting = this.#inHand.concat(this.#waiting);
    this.#inHand = [];
  }

  /** Removes rows from `#inHand`. */
  #take(batch: readonly Waiting[]): void {
    const settled = new Set(batch);
    this.#inHand = this.#inHand.filter((each) => !settled.has(each));
  }

  #done(batch: readonly Waiting[]): void {
    for (const { bytes } of batch) this.#bytes -= bytes;
    this.#written += batch.length;
    if (!this.#problem) return;
    const seconds = Math.round((Date.now() - this.#problem.since) / 1_000);
    this.#problem = undefined;
    this.#logger.info({ waiting: this.#count(), seconds }, 'predictions are logged again');
  }

  #reportProblem(error: unknown, rows: number): void {
    const text = postgresFailure(error)?.error.message ?? (error as Error).message;
    const now = Date.now();
    const { since = now, loggedAt = 0, text: before } = this.#problem ?? {};
    const shouldLog = text !== before || now - loggedAt >= REPEAT_LOG_MS;
    this.#problem = { text, since, loggedAt: shouldLog ? now : loggedAt };
    if (shouldLog) {
      const waiting = this.#count();
      this.#logger.warn(
        { err: error, rows, waiting },
        'predictions could not be logged; keeping them to try again',
      );
    }
  }

  #reportDropped(): void {
    const dropped = this.dropped - this.#droppedBefore;
    this.#droppedBefore = this.dropped;
    if (dropped > 0) {
      this.#logger.error(
        { dropped, total: this.dropped, reasons: this.#dropped },
        'predictions were dropped from the log',
      );
    }
  }
}

/** Memory of a row besides its texts, in bytes. */
const ROW_BYTES = 200;

/** Memory of one character of a text that is not only Latin, in bytes. */
const TEXT_BYTES = 2;

/** Estimates the memory of a row in bytes. */
const sizeOf = ({ features, entityKey }: LoggedPrediction): number =>
  ROW_BYTES + TEXT_BYTES * (features.length + (entityKey?.length ?? 0));
