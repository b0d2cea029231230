// The holdout: clusters on which no version is ever trained, fixed for ever by a hash of their key.
import { createHash } from 'node:crypto';

/** Which share of the clusters is held out, and by which salt. */
export interface HoldoutPolicy {
  /** Share of the clusters, above 0 and at most 0.5. */
  readonly share: number;
  readonly salt: string;
}

/** The first bucket that is not held out: buckets are the 2^32 values of `holdoutBucket`. */
export const holdoutBound = (share: number): number => Math.floor(share * 2 ** 32);

/**
 * The bucket of a cluster: the first 32 bits of SHA-256 over the salt and the key columns, each as
 * `<bytes>:<text>`, so that ("1", "11") and ("11", "1") differ. The same expression exists in SQL
 * (store/join/spine-sql.ts), and a test holds the two together.
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
