// Verifies tokens of an OpenID Connect issuer with the keys that it publishes.
import { createHash } from 'node:crypto';
import {
  createRemoteJWKSet,
  decodeProtectedHeader,
  errors,
  type JWTPayload,
  jwtVerify,
  type RemoteJWKSet,
} from 'jose';
import { isStorable } from '../schemas/common.ts';
import { TidegateError } from '../../domain/errors.ts';
import { excerpt } from '../../domain/excerpt.ts';

/** The issuer whose tokens are accepted. */
export interface OidcSettings {
  readonly issuer: string;
  /** The audience that a token must name. */
  readonly audience: string;
  /** The claim that lists the groups of a person. */
  readonly groupsClaim: string;
}

/** What a token says about the person who has it. */
export interface TokenClaims {
  readonly issuer: string;
  readonly subject: string;
  /** The name that the issuer gives the person; need not be unique. */
  readonly name: string;
  readonly groups: readonly string[];
  /** Id of the token, or the beginning of its hash. */
  readonly id: string;
}

/** Signatures that are accepted: asymmetric ones only, so that nobody who can verify a token can make one. */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];

/** By how much the clocks of the issuer and of this server may differ, in seconds. */
const CLOCK_DIFFERENCE_S = 60;

/** Keys that were fetched longer ago are fetched again, in milliseconds. */
const KEYS_FRESH_MS = 5 * 60_000;

/** While the issuer is away, keys stay valid for at most this long, in milliseconds. */
const KEYS_VALID_MS = 60 * 60_000;

/** How long the issuer may take to answer, in milliseconds. */
const PATIENCE_MS = 5_000;

/** The longest token, in characters; the limit of headers is only a little higher. */
const MAX_TOKEN = 12_000;
const MAX_GROUPS = 1_000;
const MAX_VERIFIED = 10_000;

/** Options of {@link OidcTokens}, which tests change. */
export interface OidcOptions {
  readonly clock?: () => Date;
  /** How long to wait before an unknown key makes it fetch the keys again, in milliseconds. @default 5000 */
  readonly cooldownMs?: number;
}

/** Verifies the tokens of one issuer. */
export class OidcTokens {
  readonly settings: OidcSettings;
  readonly #clock: () => Date;
  readonly #cooldownMs: number;
  /** Verified tokens by their hash, with the instant at which they expire. */
  readonly #verified = new Map<
    string,
    { readonly claims: TokenClaims; readonly expiresAt: number; readonly until: number }
  >();
  #keys: RemoteJWKSet | undefined;
  #fetchedAt = -Infinity;
  #discovering: Promise<RemoteJWKSet> | undefined;

  constructor(settings: OidcSettings, { clock = () => new Date(), cooldownMs = 5_000 }: OidcOptions = {}) {
    this.settings = settings;
    this.#clock = clock;
    this.#cooldownMs = cooldownMs;
  }

  /**
   * Verifies a token and returns what it says.
   *
   * @throws TidegateError UNAUTHENTICATED, ISSUER_UNREACHABLE
   */
  async verify(token: string): Promise<TokenClaims> {
    if (token.length > MAX_TOKEN) throw refused(`it is longer than ${MAX_TOKEN} characters`);
    const now = this.#clock();
    const hash = createHash('sha256').update(token).digest('hex');
    const known = this.#verified.get(hash);
    if (known && known.until > now.getTime()) {
      if (known.expiresAt + CLOCK_DIFFERENCE_S * 1_000 > now.getTime()) return known.claims;
      this.#verified.delete(hash);
    }
    const payload = await this.#payloadOf(token, now);
    const claims = this.claimsOf(payload, hash.slice(0, 12));
    this.#verified.set(hash, {
      claims,
      expiresAt: (payload.exp ?? 0) * 1_000,
      // Verified again after this, so that a key which the issuer withdrew stops counting.
      until: now.getTime() + KEYS_FRESH_MS,
    });
    for (const oldest of this.#verified.keys()) {
      if (this.#verified.size <= MAX_VERIFIED) break;
      this.#verified.delete(oldest);
    }
    return claims;
  }

  async #payloadOf(token: string, now: Date): Promise<JWTPayload> {
    requireAlgorithm(token);
    const { issuer, audience } = this.settings;
    const keys = await this.#freshKeys(now);
    try {
      const { payload } = await jwtVerify(token, keys, {
        issuer,
        audience,
        algorithms: ALGORITHMS,
        clockTolerance: CLOCK_DIFFERENCE_S,
        currentDate: now,
        requiredClaims: ['sub', 'exp'],
      });
      if (payload.iat !== undefined && payload.iat * 1_000 > now.getTime() + CLOCK_DIFFERENCE_S * 1_000)
        throw refused(`it was issued at ${instantOf(payload.iat)}, which is in the future; ${CLOCKS}`);
      return payload;
    } catch (error) {
      throw this.#explained(error);
    }
  }

  /**
   * Returns what a verified token says.
   *
   * @param id what names the token if it has no id of its own
   * @throws TidegateError UNAUTHENTICATED if it has no usable subject
   */
  claimsOf(payload: JWTPayload, id: string): TokenClaims {
    const text = (claim: string): string | undefined => {
      const value = payload[claim];
      return typeof value === 'string' && value !== '' ? value : undefined;
    };
    const groups = payload[this.settings.groupsClaim];
    const { sub: subject = '' } = payload;
    if (subject === '' || !isStorable(subject)) throw refused('its claim sub is empty or cannot be stored');
    return {
      issuer: this.settings.issuer,
      subject,
      name: text('preferred_username') ?? text('email') ?? text('name') ?? subject,
      groups: (Array.isArray(groups) ? groups : typeof groups === 'string' ? [groups] : [])
        .filter((group): group is string => typeof group === 'string' && isStorable(group))
        .slice(0, MAX_GROUPS)
        .sort(),
      id: payload.jti ?? id,
    };
  }

  async #freshKeys(now: Date): Promise<RemoteJWKSet> {
    const keys = (this.#keys ??= await this.#discover());
    const age = now.getTime() - this.#fetchedAt;
    if (age <= KEYS_FRESH_MS) return keys;
    try {
      await keys.reload();
      this.#fetchedAt = now.getTime();
    } catch (error) {
      if (age > KEYS_VALID_MS) throw this.#unreachable(error);
    }
    return keys;
  }

  /** Reads where the issuer publishes its keys; one request at a time, and again if it failed. */
  #discover(): Promise<RemoteJWKSet> {
    this.#discovering ??= this.#readDiscovery().finally(() => (this.#discovering = undefined));
    return this.#discovering;
  }

  async #readDiscovery(): Promise<RemoteJWKSet> {
    const { issuer } = this.settings;
    let found: { readonly issuer?: unknown; readonly jwks_uri?: unknown };
    try {
      const answer = await fetch(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, {
        signal: AbortSignal.timeout(PATIENCE_MS),
      });
      if (!answer.ok) throw new Error(`it answered ${answer.status}`);
      found = (await answer.json()) as typeof found;
    } catch (error) {
      throw this.#unreachable(error);
    }
    if (found.issuer !== issuer || typeof found.jwks_uri !== 'string') {
      throw new TidegateError(
        'ISSUER_UNREACHABLE',
        `the issuer calls itself ${excerpt(String(found.issuer))}, but TIDEGATE_OIDC_ISSUER is ${issuer}`,
      );
    }
    return createRemoteJWKSet(new URL(found.jwks_uri), {
      cooldownDuration: this.#cooldownMs,
      // `#freshKeys` decides when the keys are fetched again, because they must outlast an issuer that is away.
      cacheMaxAge: Infinity,
      timeoutDuration: PATIENCE_MS,
    });
  }

  #unreachable(cause: unknown): TidegateError {
    const why = cause instanceof Error ? cause.message : String(cause);
    return new TidegateError(
      'ISSUER_UNREACHABLE',
      `the issuer ${this.settings.issuer} did not publish its keys: ${excerpt(why, 200)}`,
      { cause },
    );
  }

  /** Says what is wrong with a token. */
  #explained(error: unknown): unknown {
    const { issuer, audience } = this.settings;
    if (error instanceof errors.JWTExpired)
      return refused(`it expired at ${instantOf(error.payload.exp)}; ${CLOCKS}`);
    if (error instanceof errors.JWTClaimValidationFailed) {
      const { aud, iss, nbf } = error.payload;
      if (error.claim === 'aud')
        return refused(`it is for ${aud === undefined ? 'no audience' : shown(aud)} and not for ${audience}`);
      if (error.claim === 'iss') return refused(`it was issued by ${shown(iss)} and not by ${issuer}`);
      if (error.claim === 'nbf') return refused(`it is not valid before ${instantOf(nbf)}; ${CLOCKS}`);
      return refused(`its claim ${error.claim} is missing or wrong`);
    }
    if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys)
      return refused(`it is signed with a key that ${issuer} does not publish`);
    if (error instanceof errors.JWSSignatureVerificationFailed) return refused('its signature is not valid');
    if (error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid)
      return this.#unreachable(error);
    if (error instanceof TidegateError) return error;
    if (
      error instanceof errors.JWTInvalid ||
      error instanceof errors.JWSInvalid ||
      error instanceof errors.JOSENotSupported
    )
      return refused(`it is not a valid token: ${excerpt(error.message)}`);
    return this.#unreachable(error);
  }
}

const CLOCKS = 'if that is wrong, compare the clocks of the issuer and this server';

const refused = (why: string): TidegateError =>
  new TidegateError('UNAUTHENTICATED', `the token is refused: ${why}`, {
    remedy: 'Sign in again (`tidegate sign-in`), or send an API key.',
  });

function requireAlgorithm(token: string): void {
  let algorithm: string | undefined;
  try {
    ({ alg: algorithm } = decodeProtectedHeader(token));
  } catch {
    throw refused('it is neither an API key nor a JSON Web Token');
  }
  if (!ALGORITHMS.includes(algorithm ?? ''))
    throw refused(`it is signed with ${shown(algorithm)}; accepted are ${ALGORITHMS.join(', ')}`);
}

const shown = (value: unknown): string =>
  excerpt(typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing'));

function instantOf(seconds: unknown): string {
  const instant = new Date(Number(seconds) * 1_000);
  return Number.isNaN(instant.getTime()) ? shown(seconds) : instant.toISOString();
}
