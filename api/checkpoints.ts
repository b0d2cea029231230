// Signs and anchors checkpoints of the audit log, each minute while something changes.
import { type FastifyBaseLogger } from 'fastify';
import { anchor, type AnchorPlaces } from '../store/audit/anchor.ts';
import { type TakenCheckpoint, takeCheckpoint } from '../store/audit/checkpoint.ts';
import { openSigner, type SigningKeyPlace } from '../store/audit/signing-key.ts';
import { type Database } from '../store/postgres/database.ts';
import { singleFlight } from './serving/single-flight.ts';

/** How to sign and where to anchor. */
export interface CheckpointSettings {
  readonly key: SigningKeyPlace;
  readonly places: AnchorPlaces;
  /** Milliseconds between two checkpoints. @default a minute */
  readonly everyMs?: number;
}

const MINUTE = 60_000;

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

  readonly #run = singleFlight(() =>
    this.#once().catch((error: unknown) => {
      this.#logger.error({ err: error }, 'the audit log could not be signed and anchored');
    }),
  );

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
