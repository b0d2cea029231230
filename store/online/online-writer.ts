// Writes online rows: one batch in one transaction, which also records up to which entity the rows are now written.
import type pg from 'pg';
import { CopyIn } from '../postgres/copy-in.ts';
import { type OnlineValues } from './online-values.ts';

/** Identifies the online rows of one definition. */
export interface RowsOf {
  readonly model: string;
  readonly version: number;
}

/** Rows that are written in one transaction, and how far through the entities they reach. */
export interface Batch {
  readonly rows: readonly OnlineValues[];
  /** The last entity of the batch, as text. Once the batch is written, so are the rows of all entities before it. */
  readonly position: string;
}

/** Which rows are written, and how. */
export interface WriteOptions {
  readonly rowsOf: RowsOf;
  /** The instant of the rows, ISO 8601. */
  readonly asOf: string;
  /** Whether rows of later instants are replaced as well. */
  readonly isReset: boolean;
}

const STAGED = 'pg_temp.tidegate_online_batch';

/** Prepares the connection for writing batches. */
export const prepareWriter = async (client: pg.ClientBase): Promise<void> =>
  void (await client.query(
    'create temp table tidegate_online_batch (entity_key text, row_time timestamptz, view_times text, features text)',
  ));

/**
 * Writes a batch: new rows and rows with changed values. A row of a later instant stays, unless the rows are reset.
 * An unchanged row keeps the instant at which it was written, and is valid up to the instant of the watermark.
 *
 * @returns the number of rows written
 */
export async function writeBatch(
  client: pg.ClientBase,
  { rowsOf: { model, version }, asOf, isReset }: WriteOptions,
  { rows, position }: Batch,
): Promise<number> {
  await client.query('begin');
  try {
    await client.query(`truncate ${STAGED}`);
    const copy = await CopyIn.open(client, `copy ${STAGED} from stdin`);
    try {
      for (let at = 0; at < rows.length; at += LINES) {
        await copy.write(
          rows
            .slice(at, at + LINES)
            .map(lineOf)
            .join(''),
        );
      }
    } catch (error) {
      await copy.abort();
      throw error;
    }
    await copy.end();
    const { rowCount } = await client.query(
      `insert into tidegate.online_row as stored
         (model, definition_version, entity_key, as_of, row_time, view_times, features)
       select $1, $2, entity_key::jsonb, $3::timestamptz, row_time, view_times::jsonb, features::jsonb from ${STAGED}
       on conflict (model, definition_version, entity_key) do update
         set as_of = excluded.as_of, row_time = excluded.row_time, view_times = excluded.view_times,
             features = excluded.features, materialised_at = excluded.materialised_at
         where ($4 and stored.as_of > excluded.as_of) or stored.as_of <= excluded.as_of
           and (stored.features, stored.view_times, stored.row_time)
               is distinct from (excluded.features, excluded.view_times, excluded.row_time)`,
      [model, version, asOf, isReset],
    );
    const written = rowCount ?? 0;
    await client.query(
      `update tidegate.online_progress
       set position = case when position collate "C" > $3 then position else $3 end,
           looked_at = looked_at + $4, written = written + $5, updated_at = now()
       where model = $1 and definition_version = $2`,
      [model, version, position, rows.length, written],
    );
    await client.query('commit');
    return written;
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  }
}

/** Rows in one message of COPY. */
const LINES = 1_000;

// JSON already escapes control characters, so the backslash is the only character left to escape for COPY.
const lineOf = ({ entityKey, rowTime, viewTimes, features }: OnlineValues): string =>
  `${entityKey.replaceAll('\\', '\\\\')}\t${rowTime}\t${viewTimes}\t${features.replaceAll('\\', '\\\\')}\n`;
