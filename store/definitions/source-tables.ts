// Checks a definition against the tables that it names.
import { type ColumnSpec } from '../../domain/features/column.ts';
import { type ModelDefinition } from '../../domain/features/definition.ts';
import { type ErrorCode, TidegateError } from '../../domain/errors.ts';
import { type Database } from '../database.ts';
import { quoteTable } from '../features/identifiers.ts';

interface Need {
  /** Where in the definition the table or column is named. */
  readonly at: string;
  readonly table: string;
  readonly column?: string;
  readonly types?: readonly string[];
}

interface Problem {
  readonly code: ErrorCode;
  readonly at: string;
  readonly problem: string;
}

const WHOLE = ['smallint', 'integer', 'bigint'];
const NUMBERS = [...WHOLE, 'numeric', 'real', 'double precision'];
const TIMES = ['timestamp with time zone', 'timestamp without time zone', 'date'];
const TEXTS = ['text', 'character varying', 'character', 'boolean', ...WHOLE];
const TYPES: Record<ColumnSpec['type'], readonly string[]> = {
  numeric: NUMBERS,
  count: [...WHOLE, 'numeric'],
  category: TEXTS,
  flag: ['boolean'],
  instant: TIMES,
};

/**
 * Refuses a definition that names a table or column which is not there, or a column of a type that cannot hold the
 * feature. All problems are listed, the first one gives the code.
 *
 * @throws TidegateError UNKNOWN_TABLE, UNKNOWN_COLUMN, WRONG_COLUMN_TYPE
 */
export async function checkSources(database: Database, definition: ModelDefinition): Promise<void> {
  const needs = needsOf(definition);
  const tables = new Map<string, Map<string, string> | undefined>();
  for (const { table } of needs) {
    if (!tables.has(table)) tables.set(table, await columnsOf(database, table));
  }
  const problems = needs.flatMap((need) => problemOf(need, tables.get(need.table)) ?? []);
  const [first] = problems;
  if (!first) return;
  // Said once, at the first place: a missing table is named by each of its columns.
  const said = new Set<string>();
  const unique = problems.filter(({ problem }) => !said.has(problem) && said.add(problem));
  throw new TidegateError(
    first.code,
    `the definition of ${definition.name} does not fit the database: ` +
      unique.map(({ at, problem }) => `${at}: ${problem}`).join('; '),
    { places: unique.map(({ at, problem }) => ({ at, problem })) },
  );
}

function needsOf(definition: ModelDefinition): Need[] {
  const { rows, label, entity } = definition;
  const keys = (at: string, table: string): Need[] =>
    entity.keys.map((column) => ({ at: `${at} (entity key)`, table, column }));
  const optionalTime = (at: string, table: string, column: string | undefined): Need[] =>
    column === undefined ? [] : [{ at, table, column, types: TIMES }];
  return [
    { at: 'rows.table', table: rows.table },
    ...keys('rows.table', rows.table),
    { at: 'rows.timestamp', table: rows.table, column: rows.timestamp, types: TIMES },
    ...definition.features.flatMap((view, index) => [
      { at: `features.${index}.table`, table: view.table },
      ...keys(`features.${index}.table`, view.table),
      { at: `features.${index}.timestamp`, table: view.table, column: view.timestamp, types: TIMES },
      ...optionalTime(`features.${index}.known`, view.table, view.known),
      ...Object.entries(view.columns).map(([column, spec]) => ({
        at: `features.${index}.columns.${column}`,
        table: view.table,
        column,
        types: TYPES[spec.type],
      })),
    ]),
    { at: 'label.table', table: label.table },
    ...keys('label.table', label.table),
    { at: 'label.column', table: label.table, column: label.column },
    { at: 'label.timestamp', table: label.table, column: label.timestamp, types: TIMES },
    ...optionalTime('label.known', label.table, label.known),
  ];
}

function problemOf(need: Need, columns: Map<string, string> | undefined): Problem | undefined {
  if (!columns) return { code: 'UNKNOWN_TABLE', at: need.at, problem: `there is no table ${need.table}` };
  if (need.column === undefined) return undefined;
  const type = columns.get(need.column);
  if (type === undefined) {
    const names = [...columns.keys()].slice(0, 30).join(', ');
    return {
      code: 'UNKNOWN_COLUMN',
      at: need.at,
      problem: `${need.table} has no column ${need.column}; it has ${names}`,
    };
  }
  if (!need.types || need.types.includes(type)) return undefined;
  return {
    code: 'WRONG_COLUMN_TYPE',
    at: need.at,
    problem: `${need.table}.${need.column} is ${type}, but one of ${need.types.join(', ')} is needed`,
  };
}

/** Column types by name; `undefined` where there is no such table or view. */
async function columnsOf(database: Database, table: string): Promise<Map<string, string> | undefined> {
  const { rows } = await database.pool.query<{ name: string; type: string }>(
    `select attname as name,
            case when t.typtype = 'e' then 'text' else regexp_replace(format_type(t.oid, null), '\\(.*\\)', '') end as type
     from pg_attribute join pg_type t on t.oid = atttypid
     where attrelid = to_regclass($1) and attnum > 0 and not attisdropped
     order by attnum`,
    [quoteTable(table)],
  );
  return rows.length === 0 ? undefined : new Map(rows.map(({ name, type }) => [name, type]));
}
