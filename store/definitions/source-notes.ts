// Notes about a definition's tables that are worth knowing although nothing is wrong with them.
import { type ModelDefinition, type ViewDefinition } from '../../domain/model/definition.ts';
import { durationOf, toMilliseconds } from '../../domain/model/parts/duration.ts';
import { suggestLag } from '../../domain/model/suggest-lag.ts';
import { type Database } from '../postgres/database.ts';
import { measureKnownDelay } from '../join/known-delay.ts';
import { readLabelValues } from './label-values.ts';
import { columnsOfAll, type TableColumns } from './source-catalog.ts';
import { type Need, needsOf } from './source-tables.ts';

const WITHOUT_ZONE = 'timestamp without time zone';

/** Something that is worth a look. */
export interface SourceNote {
  readonly about: 'time zone' | 'key' | 'lag' | 'label';
  readonly words: string;
  /** Whether somebody should act; false if the note only states a fact. */
  readonly isWarning: boolean;
}

/** Returns the notes on a definition whose tables exist. @throws TidegateError LABEL_UNREADABLE */
export async function sourceNotes(database: Database, definition: ModelDefinition): Promise<SourceNote[]> {
  const needs = needsOf(definition);
  const tables = await columnsOfAll(
    database.pool,
    needs.map(({ table }) => table),
  );
  const label = await readLabelValues(database, definition);
  const notes: SourceNote[] = [
    ...timeZoneNote(needs, tables),
    ...scaleNotes(definition, tables),
    { about: 'label', ...label },
  ];
  for (const view of definition.features) notes.push(...(await lagNote(database, view)));
  return notes;
}

/** One note for all time columns without a time zone. */
function timeZoneNote(needs: readonly Need[], tables: ReadonlyMap<string, TableColumns>): SourceNote[] {
  const columns = needs
    .filter(({ table, column }) => tables.get(table)?.get(column ?? '')?.type === WITHOUT_ZONE)
    .map(({ table, column }) => `${table}.${column ?? ''}`);
  if (columns.length === 0) return [];
  const words = `${[...new Set(columns)].join(', ')}: no time zone, so read as UTC; if they contain local times, name a SQL view that converts them`;
  return [{ about: 'time zone', words, isWarning: true }];
}

/** Notes on keys whose equal values may have different texts: 1.0 and 1.00 would be two entities. */
function scaleNotes(
  { rows, entity }: ModelDefinition,
  tables: ReadonlyMap<string, TableColumns>,
): SourceNote[] {
  return entity.keys
    .filter((key) => tables.get(rows.table)?.get(key)?.hasScale === false)
    .map((key) => ({
      about: 'key',
      words: `${rows.table}.${key} is numeric without a scale, so that 1.0 and 1.00 would be two entities: declare it numeric(38, 0) or bigint`,
      isWarning: true,
    }));
}

async function lagNote(database: Database, view: ViewDefinition): Promise<SourceNote[]> {
  if (view.known === undefined || view.lag === undefined) return [];
  const { rows, p99 } = await measureKnownDelay(database.pool, view);
  if (p99 === null) return [];
  const enough = suggestLag(p99);
  const isShort = p99 * 1000 > toMilliseconds(durationOf(view.lag));
  const summary = `${view.table}: 99 % of ${rows} rows were known within ${enough} of ${view.timestamp}; lag is ${view.lag}`;
  return [
    {
      about: 'lag',
      words: isShort ? `${summary}; lag: '${enough}' would include those rows` : summary,
      isWarning: isShort,
    },
  ];
}
