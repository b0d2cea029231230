// Removes the online rows of definitions by which no version answers any more.
import { type Kysely } from 'kysely';
import { kyselyOn } from '../connections.ts';
import { type Database } from '../database.ts';
import { type Tables } from '../tables.ts';
import { definitionsInUse } from './definitions-in-use.ts';
import { withOnlineLock } from './online-lock.ts';

/**
 * Removes the rows of definitions out of use (`definitionsInUse`), but never those of the newest definition.
 *
 * @returns the definitions whose rows are gone
 */
export async function removeUnusedRows(database: Database, model: string): Promise<number[]> {
  const { rows } = await database.pool.query<{ version: number }>(
    `select definition_version as version from tidegate.online_watermark where model = $1
     union select definition_version from tidegate.online_progress where model = $1
     order by 1`,
    [model],
  );
  const removed: number[] = [];
  for (const { version } of rows) {
    if (await isNeeded(database.kysely, model, version)) continue;
    await withOnlineLock(database, { model, version }, async ({ writer }) => {
      // Asked again: while this waited for a run, a version of that definition may have come.
      if (await isNeeded(kyselyOn(writer), model, version)) return;
      await writer.query('begin');
      for (const table of ['online_row', 'online_watermark', 'online_progress']) {
        await writer.query(`delete from tidegate.${table} where model = $1 and definition_version = $2`, [
          model,
          version,
        ]);
      }
      await writer.query('commit');
      removed.push(version);
    });
  }
  return removed;
}

async function isNeeded(kysely: Kysely<Tables>, model: string, version: number): Promise<boolean> {
  if ((await definitionsInUse(kysely, model)).includes(version)) return true;
  const newest = await kysely
    .selectFrom('tidegate.definition')
    .select('version')
    .where('model', '=', model)
    .orderBy('version', 'desc')
    .executeTakeFirst();
  return newest?.version === version;
}
