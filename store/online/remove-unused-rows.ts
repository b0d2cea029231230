// Removes the online rows of definitions that no version uses any more.
import { type Kysely } from 'kysely';
import { kyselyOn } from '../postgres/connections.ts';
import { type Database } from '../postgres/database.ts';
import { type Tables } from '../postgres/tables.ts';
import { isInForce } from '../definitions/reviews.ts';
import { definitionsInUse, keepsOnlineRows } from './definitions-in-use.ts';
import { withOnlineLock } from './watermark.ts';

/** Options of a removal. */
export interface RemovalRequest {
  /** Called after each batch with the number of rows of the definition removed so far. */
  readonly onProgress?: (progress: { readonly definitionVersion: number; readonly removed: number }) => void;
  /** Stops the removal between two batches. */
  readonly signal?: AbortSignal;
  /** Whether rows in use are removed as well, as for a model that is retired. @default false */
  readonly evenInUse?: boolean;
}

/** Rows removed in one transaction. */
const BATCH = 20_000;

/**
 * Removes the rows of definitions that are not in use (`definitionsInUse`) and of definitions that keep no online
 * rows (`online: 'off'`). The rows of the newest definition are kept unless it says `online: 'off'`.
 *
 * The watermark is deleted first, so that partly removed rows are never taken for complete; then the rows, in
 * batches. The next call continues an interrupted removal.
 *
 * @returns the definitions whose rows were removed
 */
export async function removeUnusedRows(
  database: Database,
  model: string,
  { onProgress, signal, evenInUse = false }: RemovalRequest = {},
): Promise<number[]> {
  // Finds the definitions that have rows with one index lookup each (a loose index scan over the primary key).
  const { rows } = await database.pool.query<{ version: number }>(
    `with recursive stored (version) as (
       (select definition_version from tidegate.online_row where model = $1 order by 1 limit 1)
       union all
       select (select definition_version from tidegate.online_row
               where model = $1 and definition_version > stored.version order by 1 limit 1)
       from stored where stored.version is not null
     )
     select version from stored where version is not null
     union select definition_version from tidegate.online_watermark where model = $1
     union select definition_version from tidegate.online_progress where model = $1
     order by 1`,
    [model],
  );
  const removed: number[] = [];
  for (const { version } of rows) {
    if (!evenInUse && (await isNeeded(database.kysely, model, version))) continue;
    await withOnlineLock(database, { model, version }, async ({ writer }) => {
      // Check again: while this waited for a run to end, a version that uses this definition may have been added.
      if (!evenInUse && (await isNeeded(kyselyOn(writer), model, version))) return;
      await writer.query('begin');
      for (const table of ['online_watermark', 'online_progress']) {
        await writer.query(`delete from tidegate.${table} where model = $1 and definition_version = $2`, [
          model,
          version,
        ]);
      }
      await writer.query('commit');
      for (let total = 0, deleted = BATCH; deleted === BATCH;) {
        signal?.throwIfAborted();
        const { rowCount } = await writer.query(
          `delete from tidegate.online_row where model = $1 and definition_version = $2 and entity_key = any(array(
             select entity_key from tidegate.online_row where model = $1 and definition_version = $2
             order by entity_key limit ${BATCH}))`,
          [model, version],
        );
        deleted = rowCount ?? 0;
        total += deleted;
        onProgress?.({ definitionVersion: version, removed: total });
      }
      removed.push(version);
    });
  }
  return removed;
}

async function isNeeded(kysely: Kysely<Tables>, model: string, version: number): Promise<boolean> {
  if (!(await keepsOnlineRows(kysely, model, version))) return false;
  if ((await definitionsInUse(kysely, model)).includes(version)) return true;
  const newest = await kysely
    .selectFrom('tidegate.definition as definition')
    .select('version')
    .where('model', '=', model)
    .where(isInForce)
    .orderBy('version', 'desc')
    .executeTakeFirst();
  return newest?.version === version;
}
