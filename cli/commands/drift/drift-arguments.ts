// Parsers for the options of `tidegate drift`.
import { InvalidArgumentError } from 'commander';
import { type ColumnKind } from '../../../domain/drift/tables/column-builder.ts';

/** The kind of each named column, or `ignore`. */
export type NamedTypes = Readonly<Record<string, ColumnKind | 'ignore'>>;

/**
 * Parses `column=numeric`, `column=category` or `column=ignore` and adds it to earlier ones.
 *
 * @example parseType('zip=category', {}) // { zip: 'category' }
 */
export function parseType(text: string, earlier: NamedTypes = {}): NamedTypes {
  const at = text.lastIndexOf('=');
  const type = text.slice(at + 1);
  if (at < 1 || (type !== 'numeric' && type !== 'category' && type !== 'ignore'))
    throw new InvalidArgumentError('Write column=numeric, column=category or column=ignore.');
  return { ...earlier, [text.slice(0, at)]: type };
}

/** Parses a number above 0 and at most 1. @example parseShare('0.3') // 0.3 */
export function parseShare(text: string): number {
  const share = text.trim() === '' ? NaN : Number(text);
  if (!(share > 0 && share <= 1)) throw new InvalidArgumentError('Write a number above 0 and at most 1.');
  return share;
}
