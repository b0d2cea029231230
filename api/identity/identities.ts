// Turns the credential of a request into a caller, from memory.
import { type FastifyBaseLogger } from 'fastify';
import { TidegateError } from '../../domain/errors.ts';
import { hashOfSecret, idOfKey } from '../../domain/identity/api-key.ts';
import { type Caller } from '../../domain/identity/caller.ts';
import { type Role } from '../../domain/identity/roles.ts';
import { findKeys, recordKeyUse, type StoredKey } from '../../store/identity/credentials.ts';
import { type Database } from '../../store/postgres/database.ts';
import { CredentialCache } from './credential-cache.ts';
import { IdentityWatch } from './identity-watch.ts';

/** For how long predictions continue with known keys while Postgres is away, in milliseconds. */
const MAX_AWAY_MS = 10 * 60_000;

/** How often the use of a key is recorded, in milliseconds. */
const USE_MS = 60_000;

/** Dependencies of {@link Identities}. */
export interface IdentitiesOptions {
  readonly database: Database;
  readonly logger: FastifyBaseLogger;
  /** The current time, for expiry. @default the system's clock */
  readonly clock?: () => Date;
  /** Milliseconds since some instant, for the age of what is in memory. @default performance.now */
  readonly elapsed?: () => number;
}

/** Knows the callers of one API process. */
export class Identities {
  readonly #database: Database;
  readonly #clock: () => Date;
  readonly #elapsed: () => number;
  readonly #keys: CredentialCache<StoredKey>;
  readonly #watch: IdentityWatch;
  readonly #used = new Set<string>();
  readonly #recorded = new Map<string, number>();

  constructor({
    database,
    logger,
    clock = () => new Date(),
    elapsed = () => performance.now(),
  }: IdentitiesOptions) {
    this.#database = database;
    this.#clock = clock;
    this.#elapsed = elapsed;
    this.#keys = new CredentialCache((hashes) => findKeys(database, hashes));
    this.#watch = new IdentityWatch({
      database,
      logger,
      elapsed,
      reread: () => this.#keys.reread(),
      onTick: () => this.#recordUse(),
    });
  }

  /** Starts following changes in the database. */
  start(): void {
    this.#watch.start();
  }

  async stop(): Promise<void> {
    await this.#watch.stop();
    await this.#recordUse().catch(() => undefined);
  }

  /**
   * Returns the caller who sent an API key.
   *
   * @param role the role that the request needs: while Postgres is away, only predictions by keys in memory go on
   * @throws TidegateError UNAUTHENTICATED, or the failure of the database
   */
  async callerOfKey(secret: string, role: Role): Promise<Caller> {
    const id = idOfKey(secret);
    if (id === undefined)
      throw unauthenticated('the key does not have the form tgk_<12 characters>_<43 characters>');
    const key = await this.#find(hashOfSecret(secret), role);
    if (!key) throw unauthenticated(`this installation does not know the key tgk_${id}`);
    const { revokedAt, expiresAt, principal } = key;
    if (revokedAt) throw unauthenticated(`the key tgk_${id} was revoked at ${revokedAt.toISOString()}`);
    if (expiresAt <= this.#clock())
      throw unauthenticated(`the key tgk_${id} expired at ${expiresAt.toISOString()}`);
    if (principal.disabled)
      throw unauthenticated(`the account ${principal.name} of the key tgk_${id} is disabled`);
    this.#used.add(id);
    return {
      personId: principal.id,
      kind: principal.kind,
      name: principal.name,
      ownerId: principal.ownerId,
      via: 'key',
      credential: id,
      bindings: principal.bindings,
      limits: { roles: key.roles, models: key.models },
    };
  }

  async #find(hash: string, role: Role): Promise<StoredKey | undefined> {
    if (role === 'predictor') {
      const known = this.#keys.peek(hash);
      if (known && !(await this.#watch.isFreshSoon()) && this.#watch.ageMs <= MAX_AWAY_MS) return known;
    }
    await this.#watch.requireFresh();
    return this.#keys.get(hash);
  }

  async #recordUse(): Promise<void> {
    const now = this.#elapsed();
    const due = [...this.#used].filter((id) => now - (this.#recorded.get(id) ?? -Infinity) >= USE_MS);
    if (due.length === 0) return;
    await recordKeyUse(this.#database, due);
    for (const id of due) {
      this.#used.delete(id);
      this.#recorded.set(id, now);
    }
  }
}

const unauthenticated = (message: string): TidegateError => new TidegateError('UNAUTHENTICATED', message);
