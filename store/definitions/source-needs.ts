// Which tables and columns a definition names, where, and which types each may have.
import { type ColumnSpec } from '../../domain/model/parts/column.ts';
import { type ModelDefinition } from '../../domain/model/definition.ts';
import { entityKeyColumns, type KeyColumn, viewKeys } from '../features/keys-sql.ts';

/** One table or column that a definition needs. */
export interface Need {
  /** Where in the definition the table or column is named. */
  readonly at: string;
  readonly table: string;
  readonly column?: string;
  /** Absent means any. */
  readonly types?: readonly string[];
  /** Name of the entity's key that the column holds. */
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

/** Everything that a definition needs of the database, in the order written. */
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
