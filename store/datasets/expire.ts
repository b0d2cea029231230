// Retention: the chunks of datasets that nothing rests on are deleted; their rows and digests stay.
import { mayExpire } from '../../domain/decisions/dataset-retention.ts';
import { type Database, inTransaction } from '../database.ts';
import { type Dataset, datasetFromRow } from './dataset.ts';
import { datasetUses } from './dataset-uses.ts';

/** Most datasets that let their rows go in one call, so that the work of one run is bounded. */
const MOST_AT_ONCE = 20;

/** Whose datasets, by which policy. */
export interface ExpireRequest {
  readonly model: string;
  /** A duration, `retention.datasets` of the definition. */
  readonly retention: string;
  readonly now: Date;
  /** Says what would go, and keeps it. @default false */
  readonly dryRun?: boolean;
}

/**
 * Lets the rows of datasets go that the policy does not keep, at most 20, those unused longest first.
 *
 * @returns the datasets, as they were
 */
export const expireDatasets = (database: Database, request: ExpireRequest): Promise<Dataset[]> =>
  inTransaction(database, async (client) => {
    // Stages are moved under the same lock: no version comes back while its rows go.
    await client.query('select from tidegate.model where name = $1 for update', [request.model]);
    const { rows } = await client.query(
      'select * from tidegate.dataset where model = $1 and expired_at is null order by id',
      [request.model],
    );
    const datasets = (rows as Parameters<typeof datasetFromRow>[0][]).map(datasetFromRow);
    const uses = await datasetUses(client, request.model);
    const kept = datasets.map((dataset) => ({ ...dataset, uses: uses.get(dataset.id) ?? [] }));
    const going = mayExpire(kept, request.retention, request.now).slice(0, MOST_AT_ONCE);
    const ids = going.map(({ id }) => id);
    if (ids.length > 0 && !request.dryRun) {
      await client.query('delete from tidegate.dataset_chunk where dataset_id = any($1)', [ids]);
      await client.query('update tidegate.dataset set expired_at = $2 where id = any($1)', [
        ids,
        request.now,
      ]);
    }
    return datasets.filter(({ id }) => ids.includes(id));
  });
