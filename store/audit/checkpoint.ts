// A checkpoint: a signed statement of where each chain of the audit log ended at a moment.
import { createPublicKey, verify } from 'node:crypto';
import { digestOfBytes } from '../../domain/canonical-json.ts';
import { TidegateError } from '../../domain/errors.ts';
import { type Database, inTransaction } from '../postgres/database.ts';
import { fingerprintOf, type Signer } from './signing-key.ts';

/** A checkpoint as it is stored and anchored. */
export interface Checkpoint {
  /** The text that was signed. */
  readonly statement: string;
  /** Ed25519, in base64. */
  readonly signature: string;
}

/** Position (of a stage move: id) and hash of the newest link, by chain. */
export type Heads = Readonly<Record<string, readonly [position: number, hash: string]>>;

/** What a statement says. */
export interface CheckpointStatement {
  readonly type: 'tidegate.checkpoint/1';
  /** From 1, without gaps. */
  readonly sequence: number;
  /** ISO 8601. */
  readonly at: string;
  /** SHA-256 of the statement before; empty in the first. */
  readonly previous: string;
  /** The key that signs this statement: SPKI DER in base64. */
  readonly publicKey: string;
  /** The key that signs from the next statement on, if it is another one. */
  readonly nextPublicKey?: string;
  readonly heads: Heads;
  readonly moves: Heads;
}

/** Returns what a checkpoint says, or undefined if its text is not a statement. */
export function readStatement({ statement }: Checkpoint): CheckpointStatement | undefined {
  try {
    const said = JSON.parse(statement) as CheckpointStatement;
    const isStatement =
      said.type === 'tidegate.checkpoint/1' &&
      typeof said.publicKey === 'string' &&
      typeof said.heads === 'object' &&
      typeof said.moves === 'object';
    return isStatement ? said : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a checkpoint was signed by the key that it names. Says nothing about whose key that is. */
export function isSigned({ statement, signature }: Checkpoint, { publicKey }: CheckpointStatement): boolean {
  try {
    const key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' });
    return (
      key.asymmetricKeyType === 'ed25519' &&
      verify(null, Buffer.from(statement), key, Buffer.from(signature, 'base64'))
    );
  } catch {
    return false;
  }
}

const NEWEST = `
  select
    (select coalesce(json_object_agg(chain, json_build_array(position, hash) order by chain), '{}') from (
      select distinct on (chain) chain, position, hash from tidegate.audit_event order by chain, position desc) e) as heads,
    (select coalesce(json_object_agg(model, json_build_array(id, hash) order by model), '{}') from (
      select distinct on (model) model, id, hash from tidegate.transition order by model, id desc) t) as moves,
    (select statement from tidegate.checkpoint order by sequence desc limit 1) as statement`;

/** What `takeCheckpoint` did. */
export interface TakenCheckpoint extends Checkpoint {
  readonly sequence: number;
  /** Whether it is new; false if nothing has changed since the one before. */
  readonly isNew: boolean;
}

/**
 * Signs and stores where the chains end now, unless nothing has changed since the last checkpoint. Only one process does
 * so at a time.
 *
 * @param options `nextPublicKey` hands over to another key; `oldKeyIsLost` allows a key that was not handed over to, which
 *   only auditors with its own fingerprint trust
 * @returns the newest checkpoint; null if another process is at work
 * @throws TidegateError BAD_CONFIG if the key is not the one that the last checkpoint expects
 */
export function takeCheckpoint(
  database: Pick<Database, 'pool'>,
  signer: Signer,
  { nextPublicKey, oldKeyIsLost = false }: { nextPublicKey?: string; oldKeyIsLost?: boolean } = {},
): Promise<TakenCheckpoint | null> {
  return inTransaction(database, async (client) => {
    const { rows: locks } = await client.query<{ free: boolean }>(
      `select pg_try_advisory_xact_lock(hashtextextended('tidegate checkpoint', 0)) as free`,
    );
    if (!locks[0]!.free) return null;
    const { rows } = await client.query<{ heads: Heads; moves: Heads; statement: string | null }>(NEWEST);
    const { heads, moves, statement: last } = rows[0]!;
    const before = last === null ? undefined : (JSON.parse(last) as CheckpointStatement);
    const expected = before?.nextPublicKey ?? before?.publicKey ?? signer.publicKey;
    // A rotation that was interrupted has handed over already.
    const isHandedOver = nextPublicKey !== undefined && before?.nextPublicKey === nextPublicKey;
    if (expected !== signer.publicKey && !oldKeyIsLost && !isHandedOver)
      throw unexpectedKey(expected, signer);
    const isSame =
      before !== undefined && JSON.stringify([before.heads, before.moves]) === JSON.stringify([heads, moves]);
    if (
      before &&
      (isHandedOver || (isSame && nextPublicKey === undefined && expected === signer.publicKey))
    ) {
      const { rows: stored } = await client.query<Checkpoint>(
        'select statement, signature from tidegate.checkpoint order by sequence desc limit 1',
      );
      return { ...stored[0]!, sequence: before.sequence, isNew: false };
    }
    const said: CheckpointStatement = {
      type: 'tidegate.checkpoint/1',
      sequence: (before?.sequence ?? 0) + 1,
      at: new Date().toISOString(),
      previous: last === null ? '' : digestOfBytes(Buffer.from(last)),
      publicKey: signer.publicKey,
      ...(nextPublicKey === undefined ? {} : { nextPublicKey }),
      heads,
      moves,
    };
    const statement = JSON.stringify(said);
    const signature = await signer.sign(statement);
    await client.query(
      'insert into tidegate.checkpoint (sequence, statement, signature) values ($1, $2, $3)',
      [said.sequence, statement, signature],
    );
    return { statement, signature, sequence: said.sequence, isNew: true };
  });
}

const unexpectedKey = (expected: string, signer: Signer): TidegateError =>
  new TidegateError(
    'BAD_CONFIG',
    `the last checkpoint expects the key ${fingerprintOf(expected)} and not ${fingerprintOf(signer.publicKey)}`,
    {
      remedy:
        'Restore the key, or run `tidegate audit rotate-key` again if it was interrupted; if the key is lost, `tidegate audit rotate-key --lost`.',
    },
  );
