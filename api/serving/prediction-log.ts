// Logs predictions in batches, beside the answers and never in their way.
import { type FastifyBaseLogger } from 'fastify';
import { isTemporary, postgresFailure } from '../../store/postgres/postgres-failure.ts';
import { type LoggedPrediction, UnknownOutcome } from '../../store/registry/predictions.ts';
import { singleFlight } from './model-cache.ts';

/** Where predictions are written. */
export interface PredictionStore {
  /** Writes one batch, all or none. @throws UnknownOutcome if it cannot be known which */
  write(rows: readonly LoggedPrediction[]): Promise<void>;
  /** What became of a transaction whose end was not seen; nothing while it runs. */
  wasCommitted(transaction: string): Promise<boolean | undefined>;
}

/** Settings of a prediction log. */
export interface PredictionLogOptions extends PredictionStore {
  readonly logger: FastifyBaseLogger;
  /** Rows written by one statement, and how many wait before writing begins at once. @default 1000 */
  readonly batch?: number;
  /** Rows kept while the database does not take them; more are dropped and counted. @default 50000 */
  readonly capacity?: number;
  /** Memory that they may take, in bytes as estimated; more are dropped and counted. @default 128 MiB */
  readonly capacityBytes?: number;
  /** How often waiting rows are written, in milliseconds. @default 1000 */
  readonly everyMs?: number;
  /** How long the last attempt may take when the log is closed, in milliseconds. @default 5000 */
  readonly closeWithinMs?: number;
}

/** Why predictions were not logged. `full`: more waited than are kept; `refused`: the row itself; `stopped`: at the end. */
export type DropReason = 'full' | 'refused' | 'stopped';

/** How the log stands. */
export interface PredictionLogState {
  /** Rows that are not written yet. */
  readonly waiting: number;
  /** Since when rows have waited for longer than a moment; absent when the log is up to date. */
  readonly behindSince?: Date;
  /** What the last attempt failed of; absent after one that did not. */
  readonly problem?: string;
  /** Predictions that were never written, since the start. */
  readonly dropped: Readonly<Record<DropReason, number>>;
}

interface Waiting {
  readonly row: LoggedPrediction;
  readonly bytes: number;
  readonly since: number;
  /** How often it failed alone in a way that passes by itself, while others were written since. */
  failedAlone: number;
  /** How many rows had been written when it last failed alone. */
  writtenThen: number;
}

interface Doubtful {
  readonly batch: Waiting[];
  readonly transaction: string;
}

/** How long a row may wait before the log counts as behind, in milliseconds; one is written each second. */
const BEHIND_MS = 5_000;

/** A row that fails alone so often while others are written is at fault itself, whatever its error says. */
const MAX_ALONE = 5;

const SAY_AGAIN_MS = 60_000;

/**
 * A bounded buffer of predictions, flushed each second or when a batch is full. What fails for a reason that passes, or
 * that a person can mend, is kept and tried again each second, in smaller batches; a row that is refused costs itself
 * alone; a transaction whose end was not seen is looked up, so that no row is written twice.
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
  /** Taken out of `#waiting` and not settled yet. */
  #inHand: Waiting[] = [];
  #bytes = 0;
  #doubtful: Doubtful | undefined;
  #size: number;
  #written = 0;
  #droppedBefore = 0;
  #problem: { text: string; since: number; saidAt: number } | undefined;
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

  /** Predictions that were never written, since the start. */
  get dropped(): number {
    return this.#dropped.full + this.#dropped.refused + this.#dropped.stopped;
  }

  /** How the log stands now. */
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

  /** Adds predictions; returns at once and never throws. */
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
    // While the database is away the timer alone tries: an attempt for each request would help nobody.
    if (this.#waiting.length >= this.#batch && !this.#problem) void this.#flush();
  }

  /** Writes what waits and stops, within a deadline; what still is not written then is dropped and counted. */
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

  /** Finds out whether the batch whose commit was not seen is written. @returns whether it is known now */
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

  /** Writes rows in hand; those that are refused are found by halves. @returns whether to go on with the next */
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

  /** What blames the rows, or is no failure of Postgres at all: such as a row that cannot be sent. */
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

  /** Smaller batches find a row that is at fault though its error blames the moment, and pass a tight time limit. */
  #keepForLater(batch: Waiting[], error: unknown): void {
    const [only] = batch;
    this.#size = Math.max(1, batch.length >> 1);
    if (!only || batch.length > 1) return this.#putBack();
    if (this.#written > only.writtenThen) only.failedAlone += 1;
    only.writtenThen = this.#written;
    this.#take(batch);
    this.#putBack();
    if (only.failedAlone >= MAX_ALONE) this.#refuse(only, error);
    // The next attempt is made with another row.
    else this.#waiting.push(only);
  }

  /** Puts rows in hand back to the front of the queue. */
  #putBack(): void {
    this.#waiting = this.#inHand.concat(this.#waiting);
    this.#inHand = [];
  }

  /** Rows that are settled, or held elsewhere, are in hand no longer. */
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
    const { since = now, saidAt = 0, text: before } = this.#problem ?? {};
    const isNews = text !== before || now - saidAt >= SAY_AGAIN_MS;
    this.#problem = { text, since, saidAt: isNews ? now : saidAt };
    if (isNews) {
      const waiting = this.#count();
      this.#logger.warn({ err: error, rows, waiting }, 'predictions could not be logged and are kept');
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

const TEXT_BYTES = 2;
const FIELD_BYTES = 32;
const ROW_BYTES = 200;

/** About how much memory a row takes; names of features are shared by all rows. */
function sizeOf({ features, entityKey }: LoggedPrediction): number {
  let bytes = ROW_BYTES;
  for (const value of Object.values(features)) {
    bytes += FIELD_BYTES + (typeof value === 'string' ? TEXT_BYTES * value.length : 0);
  }
  for (const part of entityKey ?? []) bytes += FIELD_BYTES + TEXT_BYTES * part.length;
  return bytes;
}
