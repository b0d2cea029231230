// Checks a definition against the tables that it names.
import { type ModelDefinition } from '../../domain/model/definition.ts';
import { type ErrorCode, TidegateError } from '../../domain/errors.ts';
import { type Database } from '../postgres/database.ts';
import { columnsOfAll, KEY_TYPES, keyFamily, type TableColumns } from './source-catalog.ts';
import { type ColumnSpec } from '../../domain/model/parts/column.ts';
import { entityKeyColumns, type KeyColumn, viewKeys } from '../join/spine-sql.ts';

interface Problem {
  readonly code: ErrorCode;
  readonly at: string;
  readonly problem: string;
  readonly remedy?: string;
  /** The table, if it does not exist. */
  readonly missing?: string;
}

const KEY_REMEDY =
  'Give the key one type in all tables (alter table … alter column … type …), or name a SQL view of yours that casts it.';

/**
 * Refuses a definition that names a table or column that does not exist, a column whose type does not fit the
 * feature, or a key whose type differs between tables. All problems are listed; the first one decides the code.
 *
 * @throws TidegateError UNKNOWN_TABLE, UNKNOWN_COLUMN, WRONG_COLUMN_TYPE
 */
export async function checkSources(database: Database, definition: ModelDefinition): Promise<void> {
  const needs = needsOf(definition);
  const tables = await columnsOfAll(
    database.pool,
    needs.map(({ table }) => table),
  );
  const found = needs.flatMap(
    (need) => problemOf(need, tables.get(need.table)) ?? keyProblem(need, definition, tables) ?? [],
  );
  const problems = await Promise.all(found.map((problem) => namingOtherSchemas(database, problem)));
  const [first] = problems;
  if (!first) return;
  // Report each problem once, at its first place: a missing table is a problem of each of its columns.
  const seen = new Set<string>();
  const unique = problems.filter(({ problem }) => !seen.has(problem) && seen.add(problem));
  throw new TidegateError(
    first.code,
    `the definition of ${definition.name} does not fit the database: ` +
      unique.map(({ at, problem }) => `${at}: ${problem}`).join('; '),
    {
      places: unique.map(({ at, problem }) => ({ at, problem })),
      ...(first.remedy !== undefined && { remedy: first.remedy }),
    },
  );
}

/** Adds to the problem of a missing table the other schemas that have a table of this name. */
async function namingOtherSchemas(database: Database, problem: Problem): Promise<Problem> {
  if (problem.missing === undefined) return problem;
  const name = problem.missing.split('.').at(-1);
  const { rows } = await database.pool.query<{ schema: string }>(
    `select nspname as schema from pg_class join pg_namespace namespace on namespace.oid = relnamespace
     where relname = $1 and relkind in ('r', 'p', 'v', 'm', 'f') order by nspname limit 5`,
    [name],
  );
  if (rows.length === 0) return problem;
  const others = rows.map(({ schema }) => `${schema}.${name}`).join(', ');
  return {
    ...problem,
    problem: `${problem.problem}; there is ${others}: use that name, or move the table (alter table … set schema public)`,
  };
}

function problemOf(need: Need, columns: TableColumns): Problem | undefined {
  if (!columns)
    return {
      code: 'UNKNOWN_TABLE',
      at: need.at,
      problem: `there is no table ${need.table}`,
      missing: need.table,
    };
  if (need.column === undefined) return undefined;
  const type = columns.get(need.column)?.type;
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

/** Returns the problem of a key column whose type cannot be a key or differs from the type in the rows table. */
function keyProblem(
  need: Need,
  { rows }: ModelDefinition,
  tables: ReadonlyMap<string, TableColumns>,
): Problem | undefined {
  const { at, table, column, key } = need;
  if (column === undefined || key === undefined) return undefined;
  const type = tables.get(table)?.get(column);
  if (!type) return undefined;
  const wrong = { code: 'WRONG_COLUMN_TYPE', at, remedy: KEY_REMEDY } as const;
  const family = keyFamily(type);
  if (family === undefined) {
    return { ...wrong, problem: `${table}.${column} is ${type.exactType}, and a key is one of ${KEY_TYPES}` };
  }
  if (type.domain !== null && type.type !== type.exactType) {
    const what = `the domain ${type.domain} over the enumeration ${type.exactType}`;
    return {
      ...wrong,
      problem: `${table}.${column} is ${what}, which Postgres cannot compare, so it cannot be a key`,
    };
  }
  const ofSpine = tables.get(rows.table)?.get(key);
  // If the rows table lacks the column, or its type cannot be a key, that is reported as a problem of its own.
  const expected = ofSpine && keyFamily(ofSpine);
  if (!ofSpine || expected === undefined || expected === family) return undefined;
  return {
    ...wrong,
    problem: `${table}.${column} is ${type.exactType}, but the key ${key} is ${ofSpine.exactType} in ${rows.table}`,
  };
}

/** One table or column that a definition needs. */
export interface Need {
  /** Where in the definition the table or column is named. */
  readonly at: string;
  readonly table: string;
  readonly column?: string;
  /** Accepted types; absent if any type is. */
  readonly types?: readonly string[];
  /** Name of the entity key that the column contains. */
  readonly key?: string;
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

/** Lists all tables and columns that a definition needs, in the order of the definition. */
export function needsOf(definition: ModelDefinition): Need[] {
  const { rows, label } = definition;
  const keys = (at: string, table: string, columns: readonly KeyColumn[]): Need[] =>
    columns.map(({ key, column }) => ({ at: `${at} (entity key)`, table, column, key }));
  const optionalTime = (at: string, table: string, column: string | undefined): Need[] =>
    column === undefined ? [] : [{ at, table, column, types: TIMES }];
  return [
    { at: 'rows.table', table: rows.table },
    ...keys('rows.table', rows.table, entityKeyColumns(definition)),
    { at: 'rows.timestamp', table: rows.table, column: rows.timestamp, types: TIMES },
    ...definition.features.flatMap((view, index) => [
      { at: `features.${index}.table`, table: view.table },
      ...keys(`features.${index}.table`, view.table, viewKeys(definition, view)),
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
    ...keys('label.table', label.table, entityKeyColumns(definition)),
    { at: 'label.column', table: label.table, column: label.column },
    { at: 'label.timestamp', table: label.table, column: label.timestamp, types: TIMES },
    ...optionalTime('label.known', label.table, label.known),
  ];
}
