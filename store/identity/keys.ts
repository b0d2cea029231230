// API keys: made, listed and revoked. The secret of a key is returned once and stored nowhere.
import { randomBytes } from 'node:crypto';
import { type Kysely } from 'kysely';
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
