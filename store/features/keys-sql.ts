// The keys of an entity in SQL: as texts, and compared column by column.
import { type ModelDefinition, type ViewDefinition } from '../../domain/model/definition.ts';
import { quoteColumn } from './identifiers.ts';

/** An entity key and the column of a table that holds it. */
export interface KeyColumn {
  /** Name of the entity's key, and so of the spine's column. */
  readonly key: string;
  readonly column: string;
}

/** The key columns of a view: by default the entity's own, else those that `keys` maps, in the entity's order. */
export function viewKeys({ entity }: ModelDefinition, { keys }: ViewDefinition): KeyColumn[] {
  if (keys === undefined) return entity.keys.map((key) => ({ key, column: key }));
  return entity.keys.flatMap((key) => (keys[key] === undefined ? [] : [{ key, column: keys[key] }]));
}

/** The key columns of the label's table, and of any other that is keyed as the entity is. */
export const entityKeyColumns = ({ entity }: ModelDefinition): KeyColumn[] =>
  entity.keys.map((key) => ({ key, column: key }));

/** A condition that a row of `source` belongs to the entity of a row of `spine`; never by one text of all keys. */
export const sameKeySql = (keys: readonly KeyColumn[]): string =>
  keys.map(({ key, column }) => `source.${quoteColumn(column)} = spine.${quoteColumn(key)}`).join(' and ');

/** Expressions for keys of the spine as texts. */
export const keyTextsSql = (keys: readonly string[]): string[] =>
  keys.map((key) => `spine.${quoteColumn(key)}::text`);

/** An expression for the entity key of a row of `spine`: a jsonb array of texts. */
export const entityKeySql = ({ entity }: ModelDefinition): string =>
  `jsonb_build_array(${keyTextsSql(entity.keys).join(', ')})`;
