// Joins the rows of a window and passes them to the caller as chunks.
import type pg from 'pg';
import { holdoutPolicy, sourceColumnsOf } from '../../domain/model/define-model.ts';
import { type ModelDefinition } from '../../domain/model/definition.ts';
import { type Window } from '../../domain/model/window.ts';
import { copyRows } from '../postgres/copy-out.ts';
import { chooseJoinPlan } from '../join/choose-join-plan.ts';
import { JOIN_SETTINGS, type JoinPlan } from '../join/join-plan.ts';
import { chooseMergedViews, type MergeLimits } from '../join/merge/choose-merged-views.ts';
import { readMergedViews, type ViewToMerge } from '../join/merge/merged-view.ts';
import { windowSql } from '../join/window-sql.ts';
import { inlineParameters, type Queryable } from '../postgres/sql-text.ts';
import { type Chunk, CHUNK_ROWS } from './chunk.ts';
import { type DatasetTable } from './dataset-table.ts';
import { packedRowsSql } from './packed-rows.ts';

const PROGRESS_MS = 2_000;

// Limit for the total size of one chunk of every column; datasets with very wide rows have shorter chunks.
const MAX_CHUNK_BYTES = 64 * 2 ** 20;
const VALUE_BYTES = 8;

/** How to observe and stop a join. */
export interface FreezeControl {
  /**
   * Called every two seconds with the number of rows so far (0 while Postgres is still joining and sorting), and once
   * at the end.
   */
  readonly onProgress?: (rows: number) => void;
  /** Cancels the statement on the server; nothing is stored then. */
  readonly signal?: AbortSignal;
}

/** How the rows of a window are joined. */
export interface WindowJoin {
  /** Selects the same columns as `windowSql`. */
  readonly statement: string;
  /** The views that Node merges, and the statement for the rest; absent if Postgres joins all of them. */
  readonly merge?: { readonly views: readonly ViewToMerge[]; readonly statement: string };
}

/**
 * Plans the join of a window as it is best for its tables now.
 *
 * @param asKnownAt an instant as ISO text; only labels that were known by this instant are used
 * @param limits when views are merged
 */
export async function planWindowJoin(
  client: Queryable,
  definition: ModelDefinition,
  window: Window,
  asKnownAt: string,
  limits?: MergeLimits,
): Promise<WindowJoin> {
  const plan = await chooseJoinPlan(client, definition);
  const { keys, views } = await chooseMergedViews(client, definition, window, limits);
  const statementOf = (each: JoinPlan): string =>
    inlineParameters(windowSql(definition, holdoutPolicy(definition), each), [
      window.from.toISOString(),
      window.to.toISOString(),
      asKnownAt,
    ]);
  const statement = statementOf(plan);
  if (views.length === 0) return { statement };
  const merged = new Set(views.map(({ index }) => index));
  const rest = plan.views.map((view, index) =>
    merged.has(index) ? { ...view, method: 'merge' as const } : view,
  );
  return { statement, merge: { views, statement: statementOf({ ...plan, views: rest, keys }) } };
}

/**
 * Returns the number of rows per chunk: a power of two, so that chunks of different datasets begin at the same rows
 * as often as possible.
 */
export function chunkRowsFor(definition: ModelDefinition): number {
  const rowBytes = VALUE_BYTES * sourceColumnsOf(definition).length;
  return Math.min(CHUNK_ROWS, 2 ** Math.floor(Math.log2(MAX_CHUNK_BYTES / rowBytes)));
}

/** What to join, and the table that collects it. */
export interface JoinRun {
  readonly join: WindowJoin;
  readonly table: DatasetTable;
  readonly control?: FreezeControl;
}

/**
 * Runs the join on a connection that is in a transaction, and calls `take` with the chunks of all parts for one group of
 * rows after the other. Only one group is in memory, besides the views that are merged.
 *
 * @param beforeTake awaited before each call of `take`; reading pauses meanwhile
 * @param take called with chunks that are valid until the call returns
 * @throws the signal's reason, if aborted between two groups
 */
export async function joinChunks(
  client: pg.ClientBase,
  { join: { statement, merge }, table, control: { onProgress, signal } = {} }: JoinRun,
  beforeTake: () => Promise<void>,
  take: (chunks: readonly Chunk[]) => void,
): Promise<void> {
  const endGroup = async (): Promise<void> => {
    await beforeTake();
    signal?.throwIfAborted();
    take(table.takeChunks());
  };
  await client.query(JOIN_SETTINGS);
  const pulse = setInterval(() => onProgress?.(table.rows), PROGRESS_MS);
  try {
    const merged = merge && (await readMergedViews(client, merge.views));
    if (merged) table.merge(merged);
    const packed = packedRowsSql(
      table.definition,
      merge && merged ? merge.statement : statement,
      merged !== undefined,
    );
    await copyRows(client, `copy (${packed}) to stdout (format binary)`, (wire, start) => {
      table.put(wire, start);
      if (table.atChunkEnd) return endGroup();
    });
    if (!table.atChunkEnd) await endGroup();
  } finally {
    clearInterval(pulse);
  }
  onProgress?.(table.rows);
}
