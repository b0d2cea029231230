// Waits for transactions of other tests, which run on the same server, to end.
import { type Database } from '../../store/postgres/database.ts';
import { eventually } from './eventually.ts';

/**
 * Waits until every transaction that is open now has ended, so that earlier writes count as settled.
 *
 * @example await settled(database);
 */
export async function settled(database: Database): Promise<void> {
  const { rows } = await database.pool.query<{ id: string }>('select pg_current_xact_id()::text as id');
  const now = BigInt(rows[0]?.id ?? '0');
  await eventually(
    async () => {
      const { rows: oldest } = await database.pool.query<{ id: string }>(
        'select pg_snapshot_xmin(pg_current_snapshot())::text as id',
      );
      if (BigInt(oldest[0]?.id ?? '0') <= now) throw new Error('a transaction is still open');
    },
    { within: 60_000, every: 20 },
  );
}
