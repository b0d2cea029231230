// Follows changes of identities in the database, so that a revocation takes effect in this process within two seconds.
import { type FastifyBaseLogger } from 'fastify';
import { IDENTITY_CHANNEL, readGeneration } from '../../store/identity/credentials.ts';
import { type Database } from '../../store/postgres/database.ts';
import { listenToChannels } from '../serving/channel-listener.ts';

/** How often to ask the database for changes, in case a notification was missed. Milliseconds. */
const POLL_MS = 1_000;

/** For how long what is in memory counts as up to date after the database confirmed it, in milliseconds. */
const FRESH_MS = 2_000;

/** How long a prediction waits for the confirmation before Postgres counts as away, in milliseconds. */
const PATIENCE_MS = 250;

/** Dependencies of {@link IdentityWatch}. */
export interface IdentityWatchOptions {
  readonly database: Database;
  readonly logger: FastifyBaseLogger;
  /** Reads again everything that is in memory. */
  readonly reread: () => Promise<void>;
  /** Called about once a second while the database answers. */
  readonly onTick: () => Promise<void>;
  /** Milliseconds that have passed since some instant; never goes back. */
  readonly elapsed: () => number;
}

/** Knows since when the credentials in memory are up to date. */
export class IdentityWatch {
  readonly #options: IdentityWatchOptions;
  #generation = 0;
  #confirmedAt = -Infinity;
  #isAway = false;
  #confirming: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopListening: (() => Promise<void>) | undefined;

  constructor(options: IdentityWatchOptions) {
    this.#options = options;
  }

  /** Starts following changes. Without this, each request that finds the memory out of date asks the database itself. */
  start(): void {
    const { database, logger, onTick } = this.#options;
    this.#timer = setInterval(() => {
      void this.confirm()
        .then(onTick)
        .catch((error: unknown) => logger.debug({ err: error }, 'cannot follow changes of identities'));
    }, POLL_MS);
    this.#stopListening = listenToChannels({
      database,
      channels: [IDENTITY_CHANNEL],
      name: 'tidegate-listen-identity',
      onSignal: () => void this.confirm().catch(() => undefined),
      logger,
    });
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#stopListening?.();
    await this.#confirming?.catch(() => undefined);
  }

  /** For how long the memory has not been confirmed, in milliseconds. */
  get ageMs(): number {
    return this.#options.elapsed() - this.#confirmedAt;
  }

  /** Whether what is in memory was up to date at most two seconds ago. */
  get isFresh(): boolean {
    return this.ageMs <= FRESH_MS;
  }

  /** Makes sure that what is in memory was up to date at most two seconds ago. Throws the failure of the database. */
  async requireFresh(): Promise<void> {
    if (this.ageMs <= FRESH_MS) return;
    await this.confirm();
    // The confirmation that was joined may have begun long ago.
    if (this.ageMs > FRESH_MS) await this.confirm();
  }

  /** Whether what is in memory is up to date; waits only briefly, and not at all while Postgres is known to be away. */
  async isFreshSoon(): Promise<boolean> {
    if (this.ageMs <= FRESH_MS) return true;
    const confirmed = this.confirm().then(
      () => true,
      () => false,
    );
    if (this.#isAway) return false;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => (timer = setTimeout(() => resolve(false), PATIENCE_MS)));
    return Promise.race([confirmed, late]).finally(() => clearTimeout(timer));
  }

  /** Asks the database whether anything has changed, and reads everything again if so. */
  confirm(): Promise<void> {
    this.#confirming ??= this.#confirm().finally(() => (this.#confirming = undefined));
    return this.#confirming;
  }

  async #confirm(): Promise<void> {
    const { database, reread, elapsed } = this.#options;
    const began = elapsed();
    try {
      const generation = await readGeneration(database);
      if (generation !== this.#generation) await reread();
      this.#generation = generation;
      this.#confirmedAt = began;
      this.#isAway = false;
    } catch (error) {
      this.#isAway = true;
      throw error;
    }
  }
}
