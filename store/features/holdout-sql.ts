// The holdout hash as a SQL expression: the same value as domain/model/holdout.ts.
import pg from 'pg';
import { type HoldoutPolicy, holdoutBound } from '../../domain/model/holdout.ts';

/**
 * An expression for the bucket of a cluster, a bigint from 0 to 2^32 − 1.
 *
 * @param keys expressions of type text, one per key column
 */
export function holdoutBucketSql(salt: string, keys: readonly string[]): string {
  const parts = [pg.escapeLiteral(salt), ...keys].map(
    (part) => `octet_length(convert_to((${part}), 'UTF8')) || ':' || (${part})`,
  );
  const hash = `sha256(convert_to(${parts.join(' || ')}, 'UTF8'))`;
  return `('x' || encode(substring(${hash} from 1 for 4), 'hex'))::bit(32)::bigint`;
}

/** An expression that is true for the clusters held out. */
export const isHeldOutSql = (policy: HoldoutPolicy, keys: readonly string[]): string =>
  `${holdoutBucketSql(policy.salt, keys)} < ${holdoutBound(policy.share)}`;
