// The form in which spine and views send their keys, so that Node can match them by their bytes.
import { type ModelDefinition, type ViewDefinition } from '../../domain/model/definition.ts';
import { type Queryable, quoteColumn, quoteTable } from '../postgres/sql-text.ts';
import { entityKeyColumns, viewKeys } from './spine-sql.ts';

/**
 * The types whose values Node can compare by their bytes, by the number of the type in Postgres. Each is cast to a form in
 * which two values have the same bytes exactly if Postgres calls them equal. Two columns are compared only if they have the
 * same form.
 */
const FORMS: Readonly<Record<number, string>> = {
  16: 'boolean',
  17: 'bytea',
  20: 'bigint',
  21: 'bigint',
  23: 'bigint',
  25: 'text',
  1043: 'text',
  1082: 'date',
  1114: 'timestamp',
  1184: 'timestamptz',
  1700: 'numeric',
  2950: 'uuid',
};

/** For each column of a table, the type to which a key in it is cast; null if keys of its type cannot be compared by bytes. */
export type KeyForms = ReadonlyMap<string, string | null>;

/** Returns the forms of the key columns of a table or SQL view. */
async function keyForms(client: Queryable, table: string, columns: readonly string[]): Promise<KeyForms> {
  const { fields } = await client.query(
    `select ${columns.map(quoteColumn).join(', ')} from ${quoteTable(table)} limit 0`,
  );
  // Under such a collation, texts with different bytes can be equal.
  const { rows } = await client.query<{ name: string }>(
    `select attname as name from pg_attribute
     join pg_collation on pg_collation.oid = attcollation
     where attrelid = to_regclass($1) and attname = any ($2) and not collisdeterministic`,
    [quoteTable(table), columns],
  );
  const folded = new Set(rows.map(({ name }) => name));
  return new Map(
    columns.map((column, at) => [
      column,
      folded.has(column) ? null : (FORMS[fields[at]?.dataTypeID ?? 0] ?? null),
    ]),
  );
}

/** Returns the forms of the entity's keys in the table of the entity rows. */
export const spineKeyForms = (client: Queryable, definition: ModelDefinition): Promise<KeyForms> =>
  keyForms(client, definition.rows.table, definition.entity.keys);

/** Whether each key of a view has the same form as the entity's key to which it belongs. */
export async function hasComparableKeys(
  client: Queryable,
  definition: ModelDefinition,
  view: ViewDefinition,
  spine: KeyForms,
): Promise<boolean> {
  const keys = viewKeys(definition, view);
  const forms = await keyForms(
    client,
    view.table,
    keys.map(({ column }) => column),
  );
  return keys.every(({ key, column }) => {
    const form = forms.get(column) ?? null;
    return form !== null && form === spine.get(key);
  });
}

/** SQL of the keys of a row of `spine`, in the entity's order; keys without a form are null. */
export const spineKeysSql = (definition: ModelDefinition, forms: KeyForms): string[] =>
  entityKeyColumns(definition).map(({ key }) => {
    const form = forms.get(key);
    return form ? castSql(`spine.${quoteColumn(key)}`, form) : 'null::text';
  });

/** SQL of the keys of a row of `source`, in the entity's order. */
export const sourceKeysSql = (definition: ModelDefinition, view: ViewDefinition, forms: KeyForms): string[] =>
  viewKeys(definition, view).map(({ key, column }) =>
    castSql(`source.${quoteColumn(column)}`, forms.get(key) ?? 'text'),
  );

// 1.5 and 1.50 are equal, but differ in their bytes until the zeros at the end are removed.
const castSql = (column: string, form: string): string =>
  form === 'numeric' ? `trim_scale(${column})::text` : `${column}::${form}`;
