// Signs and anchors checkpoints of the audit log, each minute while something changes.
import { createHash } from 'node:crypto';
import { type FastifyBaseLogger } from 'fastify';
import { anchor, type AnchorPlaces } from '../store/audit/anchor.ts';
import { type TakenCheckpoint, takeCheckpoint } from '../store/audit/checkpoint.ts';
import { openSigner, type SigningKeyPlace } from '../store/audit/signing-key.ts';
import { type Database } from '../store/postgres/database.ts';
import { requestNotice } from '../store/registry/notice-requests.ts';
import { singleFlight } from './serving/single-flight.ts';

/** How to sign and where to anchor. */
export interface CheckpointSettings {
  readonly key: SigningKeyPlace;
  readonly places: AnchorPlaces;
  /** Milliseconds between two checkpoints. @default a minute */
  readonly everyMs?: number;
  /** Milliseconds without an anchored checkpoint after which people are notified. @default 5 minutes */
  readonly alarmAfterMs?: number;
}

const MINUTE = 60_000;

/** After this time without a signed and anchored checkpoint, people are notified, in milliseconds. */
const UNANCHORED_MS = 5 * MINUTE;

/** How often they are notified again while it lasts, in milliseconds. */
const REMIND_MS = 60 * MINUTE;

/** How long the last checkpoint may delay the end of the process, in milliseconds. */
const LAST_MS = 3_000;

/**
 * Of several processes, the one that took a checkpoint anchors it. Each also anchors the newest when it starts, in case a
 * process died between the two, and tries again after a failure. A failure is logged and disturbs nothing else.
 */
export class Checkpoints {
  readonly #database: Database;
  readonly #settings: CheckpointSettings;
  readonly #logger: FastifyBaseLogger;
  #timer: NodeJS.Timeout | undefined;
  #isFirst = true;
  #pending: TakenCheckpoint | undefined;

  /** Since when it has failed each time; undefined after a success. */
  #failingSince: number | undefined;

  readonly #run = singleFlight(async () => {
    try {
      await this.#once();
      this.#failingSince = undefined;
    } catch (error) {
      this.#logger.error({ err: error }, 'the audit log could not be signed and anchored');
      await this.#raiseAlarm(error).catch((problem: unknown) => {
        this.#logger.error({ err: problem }, 'no notification says that the audit log is not anchored');
      });
    }
  });

  constructor(database: Database, settings: CheckpointSettings, logger: FastifyBaseLogger) {
    this.#database = database;
    this.#settings = settings;
    this.#logger = logger;
  }

  /** Takes a checkpoint now and then each minute. */
  start(): void {
    this.#timer = setInterval(() => void this.#run(), this.#settings.everyMs ?? MINUTE);
    this.#timer.unref();
    void this.#run();
  }

  /** Takes a last checkpoint, for at most three seconds. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    if (this.#timer === undefined) return;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, LAST_MS)));
    await Promise.race([this.#run(), late]);
    clearTimeout(timer);
  }

  async #raiseAlarm(error: unknown): Promise<void> {
    const now = Date.now();
    this.#failingSince ??= now;
    if (now - this.#failingSince < (this.#settings.alarmAfterMs ?? UNANCHORED_MS)) return;
    const since = new Date(this.#failingSince).toISOString();
    await requestNotice(this.#database.kysely, {
      // Several processes and repeated failures raise one alarm an hour.
      id: createHash('sha256')
        .update(`unanchored\n${Math.floor(now / REMIND_MS)}`)
        .digest('hex')
        .slice(0, 32),
      event: 'unanchored',
      model: '',
      message: `the audit log has not been signed and anchored since ${since}: ${error instanceof Error ? error.message : String(error)}`,
    });
  }

  async #once(): Promise<void> {
    // Read each time: the key may have been rotated.
    const signer = await openSigner(this.#settings.key);
    const taken = await takeCheckpoint(this.#database, signer);
    if (taken && (taken.isNew || this.#isFirst)) this.#pending = taken;
    if (!this.#pending) return;
    await anchor(this.#pending, this.#settings.places);
    this.#pending = undefined;
    this.#isFirst = false;
  }
}
