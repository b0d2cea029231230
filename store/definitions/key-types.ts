// Which types a key may have, and which of them are compared with which.
import { type ColumnType } from './source-catalog.ts';

/** Types by family: keys of one family are compared as what they are, by the same index. */
const FAMILIES: Readonly<Record<string, string>> = {
  smallint: 'whole number',
  integer: 'whole number',
  bigint: 'whole number',
  text: 'text',
  'character varying': 'text',
  character: 'character',
  numeric: 'numeric',
  uuid: 'uuid',
  date: 'date',
  boolean: 'boolean',
  'timestamp with time zone': 'timestamp with time zone',
  'timestamp without time zone': 'timestamp without time zone',
};

/** The family of a key's type; undefined where it can be no key, since equal values may have different texts. */
export const keyFamily = ({ type, exactType }: ColumnType): string | undefined =>
  // An enumeration is told as text, and is compared with its own kind alone.
  type !== exactType ? exactType : FAMILIES[type];

/** The types that a key may have, for people. */
export const KEY_TYPES = `${Object.keys(FAMILIES).join(', ')} or an enumeration`;
