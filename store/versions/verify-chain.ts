// The audit chain, checked: each move holds the hash of the one before, so none can be changed or taken out unseen.
import { type Database } from '../database.ts';

/** The first row of a chain that does not hold. */
export interface BrokenLink {
  readonly id: number;
  readonly version: number;
  /** `content`: the row is not what was hashed. `link`: the row before is not the one it was appended to. */
  readonly broken: 'content' | 'link';
}

/**
 * Recomputes the hash of each move of a model from the row, and compares its link with the hash of the row before.
 * Rows removed from the end leave no gap: compare the newest hash with one kept elsewhere.
 *
 * @returns the first row that is broken, or null
 * @example await verifyChain(database, 'churn'); // null
 */
export async function verifyChain(database: Database, model: string): Promise<BrokenLink | null> {
  const { rows } = await database.pool.query<BrokenLink>(
    `select id, version, case when not intact then 'content' else 'link' end as broken
     from (
       select id, version,
              previous_hash = lag(hash, 1, '') over (order by id) as linked,
              hash = encode(sha256(convert_to(jsonb_build_array(
                previous_hash, id, model, version, from_stage, to_stage, reason, detail,
                actor, authority, evidence_digest, workflow_id, run_id,
                (extract(epoch from at) * 1000000)::bigint)::text, 'UTF8')), 'hex') as intact
       from tidegate.transition
       where model = $1
     ) chain
     where not (linked and intact)
     order by id
     limit 1`,
    [model],
  );
  return rows[0] ?? null;
}
