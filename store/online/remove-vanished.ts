// Removes the online rows of entities that no longer exist in the rows table.
import type pg from 'pg';
import { entityKeysSql } from '../join/instant-sql.ts';
import { inlineParameters } from '../postgres/sql-text.ts';
import { type EntityRun, type BatchProgress } from './write-entities.ts';

/** Options of a removal. */
export interface RemovalOptions {
  /** Called after each batch. */
  readonly onProgress?: (progress: BatchProgress) => void;
  readonly signal?: AbortSignal;
}

/** Rows removed in one transaction. */
const BATCH = 5_000;

/**
 * Removes the online rows of entities that do not exist at the instant of the run. Rows of later instants are kept,
 * except by a reset.
 *
 * The rows are found by one anti-join of two analysed tables, and removed in batches. Each batch records its
 * progress, so that an interrupted run loses nothing, and a cancelled run ends after the current batch.
 *
 * @returns how many rows were removed
 */
export async function removeVanished(
  run: EntityRun,
  { onProgress, signal }: RemovalOptions,
): Promise<number> {
  const { writer, rowsOf, asOf, isReset } = run;
  const vanished = await listVanished(run);
  await noteRemoval(writer, run, { vanished: vanished.length, removed: 0 });
  let removed = 0;
  for (let from = 0; from < vanished.length; from += BATCH) {
    signal?.throwIfAborted();
    const batch = vanished.slice(from, from + BATCH);
    await writer.query('begin');
    const { rowCount } = await writer.query(
      `delete from tidegate.online_row
       where model = $1 and definition_version = $2 and entity_key = any($3::jsonb[])
         and ($4 or as_of <= $5::timestamptz)`,
      [rowsOf.model, rowsOf.version, batch, isReset, asOf],
    );
    removed += rowCount ?? 0;
    await noteRemoval(writer, run, { vanished: vanished.length, removed });
    await writer.query('commit');
    onProgress?.({
      done: from + batch.length,
      entities: vanished.length,
      written: removed,
      step: 'removing',
    });
  }
  return removed;
}

/**
 * Returns the keys, as texts, of rows whose entity does not exist at the instant. Rows that this run wrote are never
 * among them.
 */
async function listVanished({ reader, rowsOf, definition, asOf }: EntityRun): Promise<string[]> {
  await reader.query('drop table if exists pg_temp.tidegate_existing');
  await reader.query(
    `create temp table tidegate_existing on commit drop as ${inlineParameters(entityKeysSql(definition), [asOf])}`,
  );
  await reader.query('create unique index on pg_temp.tidegate_existing (entity_key)');
  await reader.query('analyze pg_temp.tidegate_existing');
  const { rows } = await reader.query<{ key: string }>(
    `select stored.entity_key::text as key from tidegate.online_row stored
     where model = $1 and definition_version = $2
       and not exists (select from pg_temp.tidegate_existing existing where existing.entity_key = stored.entity_key)
     order by stored.entity_key`,
    [rowsOf.model, rowsOf.version],
  );
  return rows.map(({ key }) => key);
}

async function noteRemoval(
  writer: pg.ClientBase,
  { rowsOf: { model, version } }: EntityRun,
  { vanished, removed }: { readonly vanished: number; readonly removed: number },
): Promise<void> {
  await writer.query(
    `update tidegate.online_progress set vanished = $3, removed = $4, updated_at = now()
     where model = $1 and definition_version = $2`,
    [model, version, vanished, removed],
  );
}
