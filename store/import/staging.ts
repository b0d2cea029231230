// The staging table: a file's rows with their types, before they are compared with the table.
import type pg from 'pg';
import { quoteColumn } from '../postgres/sql-text.ts';
import { CopyIn } from '../postgres/copy-in.ts';
import { type ImportTable } from './rows/import-table.ts';
import { type ImportProblems, shown } from './problems.ts';
import { type RowSource } from './rows/row-source.ts';

/** Name of the staging table; a session has one at a time. */
export const STAGING = 'pg_temp.tidegate_import';

/** Its first column: the line or row in the file. The colon avoids a conflict with the user's column names. */
export const ROW = '"file:row"';

/** Creates the staging table of a file and opens the COPY that fills it. */
export async function openStaging(client: pg.ClientBase, table: ImportTable): Promise<CopyIn> {
  const columns = table.columns.map(({ name, type }) => `${quoteColumn(name)} ${type}`);
  await client.query(`drop table if exists ${STAGING}`);
  await client.query(
    `create temporary table tidegate_import (${ROW} bigint, ${columns.join(', ')}) on commit drop`,
  );
  return CopyIn.open(client, `copy ${STAGING} from stdin`);
}

const MAX_NAMED = 20;

interface Duplicate {
  readonly rows: readonly [first: number, second: number];
  readonly key: readonly string[];
  readonly found: number;
}

/** Adds a problem for each entity that is in the file more than once, with its first two places. */
export async function findDuplicates(
  client: pg.ClientBase,
  source: Pick<RowSource, 'place'>,
  table: ImportTable,
  problems: ImportProblems,
): Promise<void> {
  const key = table.key.map(quoteColumn);
  const { rows: duplicates } = await client.query<Duplicate>(`
    select (array_agg(${ROW} order by ${ROW}))[1:2]::float8[] as rows,
           array[${key.map((column) => `${column}::text`).join(', ')}] as key,
           (count(*) over ())::float8 as found
    from ${STAGING}
    group by ${key.join(', ')}
    having count(*) > 1
    order by (array_agg(${ROW} order by ${ROW}))[2]
    limit ${MAX_NAMED}`);
  for (const { rows, key: values } of duplicates) {
    const [first, second] = rows;
    const entity = table.key.map((name, index) => `${name} ${shown(values[index] ?? '')}`).join(', ');
    problems.add(source.place(second), `${entity} is already at ${source.place(first)}`, second);
  }
  problems.addUnnamed((duplicates[0]?.found ?? 0) - duplicates.length);
}
