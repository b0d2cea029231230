// Facts about the source tables of a window: the newest row, the number of new rows, and repeated rows. Also which
// columns are unchanged since the previous window.
import pg from 'pg';
import { type ModelDefinition, type ViewDefinition } from '../../domain/model/definition.ts';
import { before, durationOf, windowZone } from '../../domain/model/parts/duration.ts';
import { type Window } from '../../domain/model/window.ts';
import { type PreviousWindow, type TableFacts } from '../../domain/quality/window-facts.ts';
import { type Database } from '../postgres/database.ts';
import { quoteColumn, quoteTable } from '../postgres/sql-text.ts';
import { featurePart, PARTS } from '../datasets/chunk.ts';
import { type Dataset, getDataset } from '../registry/dataset.ts';
import { type Report, reportBefore } from '../registry/reports.ts';

/** A source table as a definition reads it. */
interface Source {
  readonly table: string;
  readonly isSpine: boolean;
  readonly keys: readonly string[];
  readonly timestamp: string;
  /** SQL condition that a row was known at the end of the window, `$1`. */
  readonly isKnown: string;
  /** The columns that distinguish rows with the same key. */
  readonly instants: readonly string[];
}

interface Counted {
  readonly newest: Date | null;
  readonly newRows: number;
  readonly rowsBefore: number;
  readonly windowRows: number;
  readonly repeatedRows: number;
}

/**
 * Returns facts about the rows table and the tables of the views, each once, as they were known at the end of the
 * window.
 *
 * Runs one statement per table. It selects the greatest timestamp, the row counts of the last two periods of
 * `monitor.every`, and for the window the number of rows and how many of them repeat the key and instants of another
 * row.
 */
export async function tableFacts(
  database: Database,
  definition: ModelDefinition,
  window: Window,
): Promise<TableFacts[]> {
  const every = durationOf(definition.monitor.every);
  const zone = windowZone(definition.monitor);
  const lastPeriod = before(window.to, every, zone);
  const periodBefore = before(lastPeriod, every, zone);
  const facts: TableFacts[] = [];
  for (const source of sourcesOf(definition)) {
    const { rows } = await database.pool.query<Counted>(countSql(source), [
      window.to,
      lastPeriod,
      periodBefore,
      window.from,
    ]);
    facts.push({ table: source.table, isSpine: source.isSpine, ...(rows[0] as Counted) });
  }
  return facts;
}

function sourcesOf({ rows, entity, features }: ModelDefinition): Source[] {
  const spine: Source = {
    table: rows.table,
    isSpine: true,
    keys: entity.keys,
    timestamp: rows.timestamp,
    isKnown: 'true',
    instants: [rows.timestamp],
  };
  const views = features.map((view): Source => ({
    table: view.table,
    isSpine: false,
    keys: view.keys ? Object.values(view.keys) : entity.keys,
    timestamp: view.timestamp,
    isKnown: isKnownSql(view),
    instants: [view.timestamp, ...(view.known === undefined ? [] : [view.known])],
  }));
  const once = new Map<string, Source>();
  for (const source of [spine, ...views]) if (!once.has(source.table)) once.set(source.table, source);
  return [...once.values()];
}

function isKnownSql({ known, lag = '0 hours', knownSince }: ViewDefinition): string {
  if (known === undefined) return 'true';
  const { amount, unit } = durationOf(lag);
  const inTime = `${quoteColumn(known)} <= $1::timestamptz + interval '${amount} ${unit}s'`;
  return knownSince === undefined
    ? inTime
    : `(${inTime} or ${quoteColumn(known)} < ${pg.escapeLiteral(knownSince)}::timestamptz)`;
}

// Each part is a sub-query of its own, so that each can use an index on the timestamp.
function countSql({ table, keys, timestamp, isKnown, instants }: Source): string {
  const from = `from ${quoteTable(table)} where ${isKnown}`;
  const time = quoteColumn(timestamp);
  const between = (start: string, end: string): string =>
    `${time} > ${start}::timestamptz and ${time} <= ${end}::timestamptz`;
  const names = [...new Set([...keys, ...instants])].map(quoteColumn).join(', ');
  return `
    select
      (select max(${time})::timestamptz ${from} and ${time} > '-infinity' and ${time} <= $1::timestamptz) as newest,
      (select count(*)::int ${from} and ${between('$2', '$1')}) as "newRows",
      (select count(*)::int ${from} and ${between('$3', '$2')}) as "rowsBefore",
      grouped.rows as "windowRows", grouped.rows - grouped.distinct_rows as "repeatedRows"
    from (
      select coalesce(sum(times), 0)::int as rows, count(*)::int as distinct_rows
      from (select count(*) as times ${from} and ${between('$4', '$1')} group by ${names}) as key
    ) as grouped`;
}

/** Compares the window of a report with the previous one; null if the model has no earlier report. */
export async function previousWindow(
  database: Database,
  report: Report,
  dataset: Dataset,
): Promise<PreviousWindow | null> {
  const last = await reportBefore(database, report);
  if (!last) return null;
  const lastDataset = await getDataset(database, last.datasetId);
  const beforeLast = await reportBefore(database, last);
  const { values, repeats } = last.quality?.repeats ?? { values: 0, repeats: 0 };
  return {
    same: await sameColumns(database, lastDataset, dataset),
    sameBefore: beforeLast
      ? await sameColumns(database, await getDataset(database, beforeLast.datasetId), lastDataset)
      : null,
    repeats: values > 0 ? { values, repeats } : null,
  };
}

/**
 * Returns the columns whose values are identical in both datasets, row by row; empty if the entities differ. Compares
 * the digests of the chunks, so that no row is read.
 */
async function sameColumns(database: Database, before: Dataset, now: Dataset): Promise<ReadonlySet<string>> {
  if (before.rows !== now.rows || before.definitionVersion !== now.definitionVersion) return new Set();
  const { rows } = await database.pool.query<{ part: string }>(
    `select part
     from tidegate.dataset_chunk now
     left join (select part, ordinal, digest from tidegate.dataset_chunk where dataset_id = $1) before
       using (part, ordinal)
     where now.dataset_id = $2
     group by part
     having bool_and(now.digest is not distinct from before.digest)`,
    [before.id, now.id],
  );
  const parts = new Set(rows.map(({ part }) => part));
  if (!parts.has(PARTS.keys)) return new Set();
  return new Set(
    now.columns.flatMap(({ name, dictionary }, position) => {
      const isSame =
        parts.has(featurePart(position)) &&
        JSON.stringify(dictionary) === JSON.stringify(before.columns[position]?.dictionary);
      return isSame ? [name] : [];
    }),
  );
}
