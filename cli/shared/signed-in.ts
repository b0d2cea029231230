// The sign-in of a person at the command line: a file in their home folder that only they can read.
import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type Configuration } from 'openid-client';
import { z } from 'zod';
import { TidegateError } from '../../domain/errors.ts';
import { excerpt } from '../../domain/excerpt.ts';
import { type Config } from './config.ts';

const fileSchema = z.object({
  url: z.string(),
  accessToken: z.string(),
  refreshToken: z.string().optional(),
  /** Milliseconds since 1970. */
  expiresAt: z.number(),
});

type SignIn = z.infer<typeof fileSchema>;

/** The settings of an issuer with which people sign in. */
export type OidcClient = NonNullable<Config['oidc']> & { readonly clientId: string };

/** How long before its expiry a token is replaced, in milliseconds. */
const EARLY_MS = 30_000;

/** One file for each API, because a token must never be sent to another one. */
function fileFor({ environment }: Config, url: string): string {
  const base = environment['XDG_CONFIG_HOME'] ?? join(homedir(), '.config');
  return join(
    base,
    'tidegate',
    `sign-in-${createHash('sha256').update(url).digest('hex').slice(0, 16)}.json`,
  );
}

/** Returns what a sign-in needs. @throws TidegateError BAD_CONFIG if the settings name no issuer or no client */
export function oidcClient({ oidc }: Config): OidcClient {
  if (oidc?.clientId === undefined) {
    throw new TidegateError(
      'BAD_CONFIG',
      'TIDEGATE_OIDC_ISSUER and TIDEGATE_OIDC_CLIENT_ID are not both set',
      {
        remedy: 'Set them to the issuer of the API, or use an API key (TIDEGATE_API_KEY).',
      },
    );
  }
  return { ...oidc, clientId: oidc.clientId };
}

/** Reads what the issuer publishes about itself. @throws TidegateError ISSUER_UNREACHABLE */
export async function discover({ issuer, clientId, clientSecret }: OidcClient): Promise<Configuration> {
  // Loaded only now, because most commands need no issuer.
  const { allowInsecureRequests, ClientSecretPost, discovery, None } = await import('openid-client');
  try {
    return await discovery(
      new URL(issuer),
      clientId,
      undefined,
      clientSecret === undefined ? None() : ClientSecretPost(clientSecret),
      // The settings allow http only for an issuer on this machine.
      { execute: issuer.startsWith('http:') ? [allowInsecureRequests] : [] },
    );
  } catch (cause) {
    throw new TidegateError('ISSUER_UNREACHABLE', `the issuer ${issuer} did not answer`, { cause });
  }
}

/** Asks for tokens that the API accepts, by both names that issuers have for this. */
export const forAudience = ({ audience }: OidcClient): Record<string, string> => ({
  audience,
  ...(URL.canParse(audience) && { resource: audience }),
});

/** Tokens as the issuer returns them. */
interface Tokens {
  readonly access_token: string;
  readonly refresh_token?: string | undefined;
  readonly expires_in?: number | undefined;
}

/** Keeps the tokens for an API. */
export async function keepSignIn(config: Config, url: string, tokens: Tokens): Promise<void> {
  const file = fileFor(config, url);
  await mkdir(join(file, '..'), { recursive: true, mode: 0o700 });
  const kept: SignIn = {
    url,
    accessToken: tokens.access_token,
    ...(tokens.refresh_token !== undefined && { refreshToken: tokens.refresh_token }),
    expiresAt: Date.now() + 1_000 * (tokens.expires_in ?? 300),
  };
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, JSON.stringify(kept), { mode: 0o600 });
  await rename(draft, file);
}

/** Removes the tokens for an API. */
export const forgetSignIn = (config: Config, url: string): Promise<void> =>
  rm(fileFor(config, url), { force: true });

/**
 * Returns the token for an API if somebody signed in for it; replaces it if it is about to expire.
 *
 * @throws TidegateError UNAUTHENTICATED if the issuer ended the sign-in; ISSUER_UNREACHABLE
 */
export async function signedInToken(config: Config, url: string): Promise<string | undefined> {
  const text = await readFile(fileFor(config, url), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const { data: kept } = fileSchema.safeParse(parsed(text));
  if (!kept || kept.url !== url) return undefined;
  if (kept.expiresAt - EARLY_MS > Date.now()) return kept.accessToken;
  if (kept.refreshToken === undefined) throw ended('it has expired');
  const client = oidcClient(config);
  const issuer = await discover(client);
  const { refreshTokenGrant } = await import('openid-client');
  try {
    const tokens = await refreshTokenGrant(issuer, kept.refreshToken, forAudience(client));
    await keepSignIn(config, url, { refresh_token: kept.refreshToken, ...tokens });
    return tokens.access_token;
  } catch (error) {
    throw ended(excerpt((error as Error).message, 200), error);
  }
}

const ended = (why: string, cause?: unknown): TidegateError =>
  new TidegateError('UNAUTHENTICATED', `the sign-in of this command line has ended: ${why}`, {
    remedy: 'Sign in again: `tidegate sign-in`.',
    cause,
  });

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
