// The holdout: clusters on which no version is ever trained, permanently chosen by a hash of their key.
import { createHash } from 'node:crypto';

/** Which clusters are held out. */
export interface HoldoutPolicy {
  /** Share of the clusters, above 0 and at most 0.5. */
  readonly share: number;
  /** Text that goes into the hash before the key, so that each model has its own holdout. */
  readonly salt: string;
}

/** Returns the first bucket that is not held out. Buckets are the 2^32 values of `holdoutBucket`. */
export const holdoutBound = (share: number): number => Math.floor(share * 2 ** 32);

/**
 * Returns the bucket of a cluster: the first 32 bits of SHA-256 over the salt and the key columns, each written as
 * `<bytes>:<text>`, so that ("1", "11") and ("11", "1") differ. store/join/spine-sql.ts has the same expression in SQL,
 * and a test checks that both agree.
 *
 * @example holdoutBucket('churn', ['7590-VHVEG']) // 0 … 4294967295
 */
export function holdoutBucket(salt: string, key: readonly string[]): number {
  const hash = createHash('sha256');
  for (const part of [salt, ...key]) hash.update(`${Buffer.byteLength(part)}:${part}`);
  return hash.digest().readUInt32BE(0);
}

/** Whether a cluster is held out. */
export const isHeldOut = (policy: HoldoutPolicy, key: readonly string[]): boolean =>
  holdoutBucket(policy.salt, key) < holdoutBound(policy.share);
