// Sessions of browsers, and the links with which a session begins without an issuer.
import { randomBytes } from 'node:crypto';
import { type Kysely, sql } from 'kysely';
import { csrfTokenOf, hashOfSecret } from '../../domain/identity/api-key.ts';
import { inKyselyTransaction } from '../postgres/connections.ts';
import { type Database } from '../postgres/database.ts';
import { type Tables } from '../postgres/tables.ts';

/** How long a session lasts, in hours. */
export const SESSION_HOURS = 12;

/** How long a sign-in link is valid, in minutes. */
export const LINK_MINUTES = 10;

const bytesOf = (secret: string): Buffer => Buffer.from(hashOfSecret(secret), 'hex');

const newSecret = (): string => randomBytes(32).toString('base64url');

/** A session to begin. */
export interface NewSession {
  readonly principalId: number;
  /** Groups that the issuer named; they are kept for the length of the session. */
  readonly groups: readonly string[];
  readonly via: 'oidc' | 'link';
}

/** Begins a session, and removes those that have expired; the audit log keeps who signed in. @returns its secret, which is stored nowhere */
export async function createSession(
  kysely: Kysely<Tables>,
  { principalId, groups, via }: NewSession,
): Promise<string> {
  const secret = newSecret();
  await kysely
    .deleteFrom('tidegate.session')
    .where('expiresAt', '<', sql<Date>`now()`)
    .execute();
  await kysely
    .insertInto('tidegate.session')
    .values({
      idHash: bytesOf(secret),
      principalId,
      csrfHash: bytesOf(csrfTokenOf(secret)),
      groups: [...groups],
      via,
      expiresAt: new Date(Date.now() + SESSION_HOURS * 3_600_000),
    })
    .execute();
  return secret;
}

/** Ends a session, in every process within two seconds. */
export async function endSession(kysely: Kysely<Tables>, secret: string): Promise<void> {
  await kysely
    .updateTable('tidegate.session')
    .set({ endedAt: sql<Date>`coalesce(ended_at, now())` })
    .where('idHash', '=', bytesOf(secret))
    .execute();
}

/** Removes links that have expired, and makes one that signs a person in, once and within ten minutes. @returns the secret in the link */
export async function createSignInLink(kysely: Kysely<Tables>, principalId: number): Promise<string> {
  const secret = newSecret();
  await kysely
    .deleteFrom('tidegate.sign_in_link')
    .where('expiresAt', '<', sql<Date>`now()`)
    .execute();
  await kysely
    .insertInto('tidegate.sign_in_link')
    .values({
      hash: bytesOf(secret),
      principalId,
      expiresAt: new Date(Date.now() + LINK_MINUTES * 60_000),
    })
    .execute();
  return secret;
}

/** Uses up a sign-in link and begins its session. @returns the session's secret; undefined if the link is not valid */
export const consumeSignInLink = (database: Database, link: string): Promise<string | undefined> =>
  inKyselyTransaction(database, async (transaction) => {
    const used = await transaction
      .updateTable('tidegate.sign_in_link')
      .set({ consumedAt: sql<Date>`now()` })
      .where('hash', '=', bytesOf(link))
      .where('consumedAt', 'is', null)
      .where('expiresAt', '>', sql<Date>`now()`)
      .returning('principalId')
      .executeTakeFirst();
    return used && createSession(transaction, { principalId: used.principalId, groups: [], via: 'link' });
  });
