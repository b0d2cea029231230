// Freezing: the joined rows of a window are written once, in one snapshot, as columnar chunks.
import type pg from 'pg';
import { digestOf } from '../../domain/canonical-json.ts';
import { holdoutPolicy } from '../../domain/features/define-model.ts';
import { type ModelDefinition } from '../../domain/features/definition.ts';
import { type Window } from '../../domain/features/window.ts';
import { TidegateError } from '../../domain/errors.ts';
import { type Database } from '../database.ts';
import { windowSql } from '../features/window-sql.ts';
import { type Chunk } from './chunk.ts';
import { DatasetTable } from './dataset-table.ts';
import { type Dataset, datasetFromRow, findDatasetByRequest } from './dataset.ts';
import { asText, inSnapshot, labelsKnownBy } from './snapshot.ts';

/** Largest share of otherwise matching rows that `known` may hide before freezing is refused. */
const MOST_HIDDEN = 0.05;
const FETCH_ROWS = 8_192;

/** What to freeze. */
export interface FreezeRequest {
  /** Names the run and step: a repeated request returns the dataset that the first one made. */
  readonly request: string;
  readonly definition: ModelDefinition;
  readonly definitionVersion: number;
  readonly window: Window;
  /** Called as rows are written, with their number so far. */
  readonly onProgress?: (rows: number) => void;
}

/**
 * Joins and stores the rows of a window.
 *
 * The rows are read in one REPEATABLE READ snapshot and ordered by key and time, so the same source rows give the
 * same digest. Memory holds one chunk of each column.
 *
 * @throws TidegateError EMPTY_WINDOW, or FEATURES_NOT_KNOWN when more than 5 % of a view's rows were not known in time
 */
export async function freezeWindow(database: Database, request: FreezeRequest): Promise<Dataset> {
  const existing = await findDatasetByRequest(database, request.request);
  if (existing) return existing;
  // Before the snapshot: whoever still writes now is not seen by it either.
  const asKnownAt = await labelsKnownBy(database);
  try {
    return await inSnapshot(database, (client) => freezeIn(client, request, asKnownAt));
  } catch (error) {
    // The same request may have been made elsewhere meanwhile, and its rows then stand.
    const made = await findDatasetByRequest(database, request.request);
    if (made) return made;
    throw error;
  }
}

async function freezeIn(client: pg.PoolClient, request: FreezeRequest, asKnownAt: string): Promise<Dataset> {
  const { definition, definitionVersion, window } = request;
  const { rows: ids } = await client.query<{ id: number }>(
    `select nextval(pg_get_serial_sequence('tidegate.dataset', 'id')) as id`,
  );
  const id = Number(ids[0]?.id);
  const table = new DatasetTable(definition);
  const chunkDigests: string[] = [];
  const store = async (chunks: readonly Chunk[]): Promise<void> => {
    for (const { part, ordinal, digest, bytes } of chunks) {
      await client.query('insert into tidegate.dataset_chunk values ($1, $2, $3, $4, $5)', [
        id,
        part,
        ordinal,
        digest,
        bytes,
      ]);
      chunkDigests.push(`${part}/${ordinal}/${digest}`);
    }
  };

  await client.query(
    `declare window_rows no scroll cursor for ${windowSql(definition, holdoutPolicy(definition))}`,
    [window.from.toISOString(), window.to.toISOString(), asKnownAt],
  );
  for (;;) {
    const { rows } = await client.query<(string | null)[]>({
      text: `fetch ${FETCH_ROWS} from window_rows`,
      rowMode: 'array',
      types: asText,
    });
    for (const row of rows) {
      table.push(row);
      if (table.atChunkEnd) await store(table.takeChunks());
    }
    request.onProgress?.(table.rows);
    if (rows.length < FETCH_ROWS) break;
  }
  if (table.rows === 0) throw emptyWindow(definition, window);
  if (!table.atChunkEnd) await store(table.takeChunks());
  refuseHidden(definition, table);

  const digest = digestOf({ columns: table.columns, rows: table.rows, chunks: chunkDigests });
  const { rows: inserted } = await client.query(
    `insert into tidegate.dataset (id, request, model, definition_version, window_from, window_to, as_known_at,
       row_count, labelled_rows, training_rows, holdout_rows, columns, digest)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) returning *`,
    [
      id,
      request.request,
      definition.name,
      definitionVersion,
      window.from,
      window.to,
      asKnownAt,
      table.rows,
      table.labelledRows,
      table.trainingRows,
      table.holdoutRows,
      JSON.stringify(table.columns),
      digest,
    ],
  );
  return datasetFromRow(inserted[0] as Parameters<typeof datasetFromRow>[0]);
}

function refuseHidden(definition: ModelDefinition, table: DatasetTable): void {
  definition.features.forEach((view, index) => {
    const hidden = table.hidden[index] ?? 0;
    const inReach = hidden + (table.matched[index] ?? 0);
    if (inReach === 0 || hidden / inReach <= MOST_HIDDEN) return;
    const percent = ((100 * hidden) / inReach).toFixed(1);
    throw new TidegateError(
      'FEATURES_NOT_KNOWN',
      `${percent} % of the rows of ${view.table} became known later than ${view.timestamp} + ${view.lag ?? '0 hours'}, ` +
        `so they would be silently null in training`,
    );
  });
}

const emptyWindow = (definition: ModelDefinition, { from, to }: Window): TidegateError =>
  new TidegateError(
    'EMPTY_WINDOW',
    `${definition.rows.table} has no rows with ${definition.rows.timestamp} in ` +
      `(${from.toISOString()}, ${to.toISOString()}]`,
  );
