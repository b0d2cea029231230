// Turns the credential of a request into a caller, from memory.
import { type FastifyBaseLogger } from 'fastify';
import { TidegateError } from '../../domain/errors.ts';
import { hashOfSecret, idOfKey } from '../../domain/identity/api-key.ts';
import { type Caller, type Via } from '../../domain/identity/caller.ts';
import { type KeyLimits, type Role } from '../../domain/identity/roles.ts';
import {
  findIssuerPeople,
  findKeys,
  findSessions,
  issuerPersonKey,
  type Principal,
  recordKeyUse,
  type StoredIssuerPerson,
  type StoredKey,
  type StoredSession,
} from '../../store/identity/credentials.ts';
import { recordIssuerPerson } from '../../store/identity/issuer-people.ts';
import { type Database } from '../../store/postgres/database.ts';
import { type CodeFlow } from './code-flow.ts';
import { CredentialCache } from './credential-cache.ts';
import { type OidcTokens, type TokenClaims } from './oidc-tokens.ts';
import { IdentityWatch } from './identity-watch.ts';

/** For how long predictions continue with known keys while Postgres is away, in milliseconds. */
const MAX_AWAY_MS = 10 * 60_000;

/** How often the use of a key is recorded, in milliseconds. */
const USE_MS = 60_000;

/** Dependencies of {@link Identities}. */
export interface IdentitiesOptions {
  readonly database: Database;
  readonly logger: FastifyBaseLogger;
  /** Verifies tokens of an issuer, if one is set up. */
  readonly tokens?: OidcTokens | undefined;
  /** Signs browsers in with the issuer. */
  readonly codeFlow?: CodeFlow | undefined;
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
  readonly #people: CredentialCache<StoredIssuerPerson>;
  readonly #sessions: CredentialCache<StoredSession>;
  readonly #tokens: OidcTokens | undefined;
  /** Signs browsers in with the issuer, if that is set up. */
  readonly codeFlow: CodeFlow | undefined;
  readonly #watch: IdentityWatch;
  readonly #used = new Set<string>();
  readonly #recorded = new Map<string, number>();

  constructor({
    database,
    logger,
    tokens,
    codeFlow,
    clock = () => new Date(),
    elapsed = () => performance.now(),
  }: IdentitiesOptions) {
    this.#database = database;
    this.#clock = clock;
    this.#elapsed = elapsed;
    this.#keys = new CredentialCache((hashes) => findKeys(database, hashes));
    this.#people = new CredentialCache((keys) => findIssuerPeople(database, keys));
    this.#sessions = new CredentialCache((hashes) => findSessions(database, hashes));
    this.#tokens = tokens;
    this.codeFlow = codeFlow;
    this.#watch = new IdentityWatch({
      database,
      logger,
      elapsed,
      reread: async () => {
        await this.#keys.reread();
        await this.#people.reread();
        await this.#sessions.reread();
      },
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
   * Returns the caller who sent a key, or a token of the issuer.
   *
   * @param role the role that the request needs: while Postgres is away, only predictions by keys in memory go on
   * @throws TidegateError UNAUTHENTICATED, ISSUER_UNREACHABLE, or the failure of the database
   */
  callerOf(credential: string, role: Role): Promise<Caller> {
    if (!this.#tokens || credential.startsWith('tgk_')) return this.callerOfKey(credential, role);
    return this.#callerOfToken(credential, this.#tokens);
  }

  /**
   * Returns the caller who sent a key that is in memory and up to date, without waiting.
   *
   * @param authorization the header of the request
   * @returns undefined if the database or the issuer must be asked, or if the request will be refused
   */
  knownCaller(authorization: string | undefined): Caller | undefined {
    const secret = authorization === undefined ? undefined : bearerToken(authorization);
    if (secret === undefined || !this.#watch.isFresh) return undefined;
    const id = idOfKey(secret);
    const key = id === undefined ? undefined : this.#keys.use(hashOfSecret(secret));
    if (id === undefined || !key || key.revokedAt || key.principal.disabled) return undefined;
    if (key.expiresAt <= this.#clock()) return undefined;
    this.#used.add(id);
    return callerOfStoredKey(key, id);
  }

  async #callerOfToken(token: string, tokens: OidcTokens): Promise<Caller> {
    const { id, ...claims } = await tokens.verify(token);
    return callerFrom(await this.principalOf(claims), 'oidc', id, { groups: claims.groups });
  }

  /** Returns the caller whose browser has a session. @throws TidegateError UNAUTHENTICATED, or the failure of the database */
  async callerOfSession(secret: string): Promise<Caller> {
    await this.#watch.requireFresh();
    const hash = hashOfSecret(secret);
    const session = await this.#sessions.get(hash);
    if (!session || session.endedAt || session.expiresAt <= this.#clock())
      throw unauthenticated('the session has ended');
    const { principal, groups } = session;
    if (principal.disabled) throw unauthenticated(`the account ${principal.name} is disabled`);
    return callerFrom(principal, 'session', hash.slice(0, 12), { groups });
  }

  /**
   * Returns the account of a person of the issuer, which is created at their first sign-in.
   *
   * @throws TidegateError UNAUTHENTICATED if it is disabled
   */
  async principalOf({ issuer, subject, name, groups }: Omit<TokenClaims, 'id'>): Promise<Principal> {
    const key = issuerPersonKey(issuer, subject, groups);
    await this.#watch.requireFresh();
    let person = await this.#people.get(key);
    if (!person) {
      await recordIssuerPerson(this.#database, { issuer, subject, name });
      this.#people.forgetMissing(key);
      person = await this.#people.get(key);
    }
    if (!person) throw new TidegateError('INTERNAL', 'the person who signed in could not be recorded');
    if (person.principal.disabled) throw unauthenticated(`the account ${person.principal.name} is disabled`);
    return person.principal;
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
    return callerOfStoredKey(key, id);
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

const callerFrom = (
  { id, kind, name, ownerId, bindings }: Principal,
  via: Via,
  credential: string,
  {
    limits = { roles: null, models: null },
    groups = [],
  }: { readonly limits?: KeyLimits; readonly groups?: readonly string[] },
): Caller => ({ personId: id, kind, name, ownerId, via, credential, bindings, groups, limits });

/** The callers of keys in memory. A change in the database replaces the key there, and so its caller here. */
const callersOfKeys = new WeakMap<StoredKey, Caller>();

function callerOfStoredKey(key: StoredKey, id: string): Caller {
  let caller = callersOfKeys.get(key);
  if (!caller) {
    caller = callerFrom(key.principal, 'key', id, { limits: { roles: key.roles, models: key.models } });
    callersOfKeys.set(key, caller);
  }
  return caller;
}

const BEARER = /^Bearer +(\S+) *$/i;

/** The key or token in a header Authorization; undefined if the header has another form. @example bearerToken('Bearer tgk_…') */
export const bearerToken = (authorization: string): string | undefined => BEARER.exec(authorization)?.[1];

const unauthenticated = (message: string): TidegateError => new TidegateError('UNAUTHENTICATED', message);
