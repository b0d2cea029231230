// Joins the rows of a window and gives them as chunks, wherever they then go.
import type pg from 'pg';
import { holdoutPolicy, sourceColumnsOf } from '../../domain/model/define-model.ts';
import { type ModelDefinition } from '../../domain/model/definition.ts';
import { type Window } from '../../domain/model/window.ts';
import { copyRows } from '../postgres/copy-out.ts';
import { chooseJoinPlan } from '../join/choose-join-plan.ts';
import { JOIN_SETTINGS } from '../join/join-plan.ts';
import { windowSql } from '../join/window-sql.ts';
import { inlineParameters, type Queryable } from '../postgres/sql-text.ts';
import { type Chunk, CHUNK_ROWS } from './chunk.ts';
import { type DatasetTable } from './dataset-table.ts';
import { packedRowsSql } from './packed-rows.ts';

const PROGRESS_MS = 2_000;

// What the values of one chunk of every column may take; very wide rows have shorter chunks.
const MAX_CHUNK_BYTES = 64 * 2 ** 20;
const VALUE_BYTES = 8;

/** How a join is followed and stopped. */
export interface FreezeControl {
  /** Called every two seconds with the rows so far, 0 while Postgres still joins and sorts; and once at the end. */
  readonly onProgress?: (rows: number) => void;
  /** Ends the statement on the server; nothing is kept then. */
  readonly signal?: AbortSignal;
}

/**
 * The statement that joins a window, by the plan that suits its tables now.
 *
 * @param asKnownAt ISO text; by then a label must be known
 */
export async function windowStatement(
  client: Queryable,
  definition: ModelDefinition,
  window: Window,
  asKnownAt: string,
): Promise<string> {
  const plan = await chooseJoinPlan(client, definition);
  return inlineParameters(windowSql(definition, holdoutPolicy(definition), plan), [
    window.from.toISOString(),
    window.to.toISOString(),
    asKnownAt,
  ]);
}

/** Rows per chunk: a power of two, so that chunks of all datasets begin at the same rows where they can. */
export function chunkRowsFor(definition: ModelDefinition): number {
  const rowBytes = VALUE_BYTES * sourceColumnsOf(definition).length;
  return Math.min(CHUNK_ROWS, 2 ** Math.floor(Math.log2(MAX_CHUNK_BYTES / rowBytes)));
}

/** What is joined, and by whom it is collected. */
export interface JoinRun {
  /** Selects as `windowSql` does. */
  readonly statement: string;
  readonly table: DatasetTable;
  readonly control?: FreezeControl;
}

/**
 * Runs the statement, on a connection that is in a transaction, and hands over the chunks of each piece of the rows, all parts together. Memory holds one piece.
 *
 * @param mayGoOn waited for before each piece is handed over; reading pauses meanwhile
 * @param take its chunks are good until the call returns
 * @throws the signal's reason, when aborted between two pieces
 */
export async function joinChunks(
  client: pg.ClientBase,
  { statement, table, control: { onProgress, signal } = {} }: JoinRun,
  mayGoOn: () => Promise<void>,
  take: (chunks: readonly Chunk[]) => void,
): Promise<void> {
  const endPiece = async (): Promise<void> => {
    await mayGoOn();
    signal?.throwIfAborted();
    take(table.takeChunks());
  };
  await client.query(JOIN_SETTINGS);
  const pulse = setInterval(() => onProgress?.(table.rows), PROGRESS_MS);
  try {
    const packed = packedRowsSql(table.definition, statement);
    await copyRows(client, `copy (${packed}) to stdout (format binary)`, (wire, start) => {
      table.put(wire, start);
      if (table.atChunkEnd) return endPiece();
    });
    if (!table.atChunkEnd) await endPiece();
  } finally {
    clearInterval(pulse);
  }
  onProgress?.(table.rows);
}
