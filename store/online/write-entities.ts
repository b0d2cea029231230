// Joins the listed entities batch by batch and writes their rows. One batch is read while the previous one is
// written.
import type pg from 'pg';
import { type ModelDefinition } from '../../domain/model/definition.ts';
import { asText } from '../postgres/snapshot.ts';
import { quoteColumn } from '../postgres/sql-text.ts';
import { instantSql } from '../join/instant-sql.ts';
import { ENTITIES } from './entity-list.ts';
import { type ReadValues, valuesReader } from './online-values.ts';
import { type Batch, type RowsOf, writeBatch } from './online-writer.ts';

/** Where rows are read from and written to. */
export interface EntityRun {
  /** The connection whose transaction listed the entities. */
  readonly reader: pg.ClientBase;
  readonly writer: pg.ClientBase;
  readonly rowsOf: RowsOf;
  readonly definition: ModelDefinition;
  /** ISO 8601. */
  readonly asOf: string;
  /** Whether rows of later instants are replaced as well. */
  readonly isReset: boolean;
}

/** The progress of a run. */
export interface BatchProgress {
  /** Number of entities that this step has finished, out of `entities`. */
  readonly done: number;
  readonly entities: number;
  /** Number of rows written or removed. */
  readonly written: number;
  readonly step: 'writing' | 'removing';
}

/** Options of `writeEntities`. */
export interface EntityOptions {
  readonly entities: number;
  readonly batchSize: number;
  readonly onProgress?: (progress: BatchProgress) => void;
  readonly signal?: AbortSignal;
}

const BATCH_TABLE = 'pg_temp.tidegate_batch';

/** Even few entities are split into several batches, because one is read while the previous one is written. */
const MIN_BATCHES = 5;
const MIN_BATCH = 1_000;

/** Writes the rows of all listed entities. */
export async function writeEntities(run: EntityRun, options: EntityOptions): Promise<void> {
  const { entities, onProgress, signal } = options;
  const batchSize = Math.min(options.batchSize, Math.max(MIN_BATCH, Math.ceil(entities / MIN_BATCHES)));
  const read = await batchReader(run);
  let written = 0;
  let writing: Promise<void> = Promise.resolve();
  const write = async (batch: Batch, done: number): Promise<void> => {
    written += await writeBatch(run.writer, run, batch);
    onProgress?.({ done, entities, written, step: 'writing' });
  };
  try {
    for (let from = 0; from < entities; from += batchSize) {
      signal?.throwIfAborted();
      const to = Math.min(entities, from + batchSize);
      const batch = await read(from, to);
      await writing;
      writing = write(batch, to);
      // A failure is thrown where `writing` is awaited; this handler prevents an unhandled rejection until then.
      writing.catch(() => undefined);
    }
  } finally {
    await writing;
  }
}

/** Returns a function that reads the entities at positions `(from, to]` with their values at the instant. */
async function batchReader({
  reader,
  definition,
  asOf,
}: EntityRun): Promise<(from: number, to: number) => Promise<Batch>> {
  const keys = definition.entity.keys.map(quoteColumn).join(', ');
  await reader.query(`drop table if exists ${BATCH_TABLE}`);
  await reader.query(
    `create temp table tidegate_batch on commit drop as select ${keys}, tidegate_newest from ${ENTITIES} with no data`,
  );
  // The same join as for any read at an instant, with the batch in place of the rows table.
  const join = instantSql({ ...definition, rows: { table: BATCH_TABLE, timestamp: 'tidegate_newest' } });
  let toValues: ReadValues | undefined;
  return async (from, to) => {
    const bounds = [from, to];
    await reader.query(`truncate ${BATCH_TABLE}`);
    await reader.query(
      `insert into ${BATCH_TABLE} select ${keys}, tidegate_newest from ${ENTITIES}
       where tidegate_position > $1 and tidegate_position <= $2`,
      bounds,
    );
    // Without statistics the planner assumes a large table and may scan the views completely.
    await reader.query(`analyze ${BATCH_TABLE}`);
    const { rows: last } = await reader.query<{ entity: string }>(
      `select tidegate_entity as entity from ${ENTITIES} where tidegate_position = $1`,
      [to],
    );
    const { rows, fields } = await reader.query<(string | null)[]>({
      text: join,
      values: [asOf],
      rowMode: 'array',
      types: asText,
    });
    toValues ??= valuesReader(
      definition,
      fields.map(({ name }) => name),
      asOf,
    );
    return { rows: rows.map(toValues), position: last[0]?.entity ?? '' };
  };
}
