// API keys: made, listed and revoked. The secret of a key is returned once and stored nowhere.
import { randomBytes } from 'node:crypto';
import { type Kysely, sql } from 'kysely';
import { TidegateError } from '../../domain/errors.ts';
import { hashOfSecret } from '../../domain/identity/api-key.ts';
import { type KeyLimits, type Role } from '../../domain/identity/roles.ts';
import { type Tables } from '../postgres/tables.ts';

/** How many days a key is valid if nobody says otherwise, and at most. */
export const DEFAULT_KEY_DAYS = 90;
export const MAX_KEY_DAYS = 365;

/** A key to make. */
export interface NewKey extends Omit<KeyLimits, 'roles'> {
  readonly principalId: number;
  /** The roles that the key has at most; its owner must have them as well. */
  readonly roles: readonly Role[];
  /** @default 90 */
  readonly days?: number;
  /** What the key is for. */
  readonly note?: string;
  readonly createdBy: number | null;
}

/** A key that was just made; its secret cannot be read again. */
export interface MadeKey {
  readonly id: string;
  readonly secret: string;
  readonly expiresAt: Date;
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyz234567';
const DAY_MS = 86_400_000;

/** Makes a key of 256 random bits. */
export async function createKey(
  kysely: Kysely<Tables>,
  { principalId, roles, models, days = DEFAULT_KEY_DAYS, note = '', createdBy }: NewKey,
): Promise<MadeKey> {
  const id = Array.from(randomBytes(12), (byte) => LETTERS[byte % LETTERS.length]).join('');
  const secret = `tgk_${id}_${randomBytes(32).toString('base64url')}`;
  const { expiresAt } = await kysely
    .insertInto('tidegate.api_key')
    .values({
      id,
      principalId,
      hash: Buffer.from(hashOfSecret(secret), 'hex'),
      roles: [...roles],
      models: models === null ? null : [...models],
      note,
      createdBy,
      expiresAt: new Date(Date.now() + days * DAY_MS),
    })
    .returning('expiresAt')
    .executeTakeFirstOrThrow();
  return { id, secret, expiresAt };
}

/** A key as a list shows it, without its secret. */
export interface ListedKey extends KeyLimits {
  readonly id: string;
  readonly account: string;
  readonly kind: 'person' | 'service';
  readonly roles: readonly Role[];
  readonly note: string;
  readonly createdBy: string | null;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly revokedAt: Date | null;
  /** Accurate to about a minute; null if the key was never used. */
  readonly lastUsedAt: Date | null;
}

/** Lists all keys, the newest first. */
export const listKeys = (kysely: Kysely<Tables>): Promise<ListedKey[]> =>
  kysely
    .selectFrom('tidegate.api_key as k')
    .innerJoin('tidegate.principal as p', 'p.id', 'k.principalId')
    .leftJoin('tidegate.principal as c', 'c.id', 'k.createdBy')
    .select([
      'k.id',
      'p.name as account',
      'p.kind',
      'k.roles',
      'k.models',
      'k.note',
      'c.name as createdBy',
      'k.createdAt',
      'k.expiresAt',
      'k.revokedAt',
      'k.lastUsedAt',
    ])
    .orderBy('k.createdAt', 'desc')
    .orderBy('k.id')
    .execute();

/**
 * Revokes a key; one that is revoked already stays as it is.
 *
 * @param id its public part, with or without `tgk_`
 * @throws TidegateError UNKNOWN_KEY
 */
export async function revokeKey(kysely: Kysely<Tables>, id: string, revokedBy: number | null): Promise<void> {
  const known = await kysely
    .selectFrom('tidegate.api_key')
    .select('revokedAt')
    .where('id', '=', id)
    .executeTakeFirst();
  if (!known) throw new TidegateError('UNKNOWN_KEY', `there is no key tgk_${id}`);
  await kysely
    .updateTable('tidegate.api_key')
    .set({ revokedAt: sql<Date>`now()`, revokedBy })
    .where('id', '=', id)
    .where('revokedAt', 'is', null)
    .execute();
}

/** Whether the secret is that of a key which is valid now and for at least some days. */
export async function isValidKey(kysely: Kysely<Tables>, secret: string, days: number): Promise<boolean> {
  const found = await kysely
    .selectFrom('tidegate.api_key as k')
    .innerJoin('tidegate.principal as p', 'p.id', 'k.principalId')
    .select('k.id')
    .where('k.hash', '=', Buffer.from(hashOfSecret(secret), 'hex'))
    .where('k.revokedAt', 'is', null)
    .where('p.disabledAt', 'is', null)
    .where('k.expiresAt', '>', new Date(Date.now() + days * DAY_MS))
    .executeTakeFirst();
  return found !== undefined;
}
