// Options of `tidegate drift` as people write them.
import { InvalidArgumentError } from 'commander';
import { type ColumnKind } from '../../../domain/drift/tables/column-builder.ts';

/** How columns are to be read: by a kind, or not at all. */
export type NamedTypes = Readonly<Record<string, ColumnKind | 'ignore'>>;

/** Reads `column=numeric`, `=category` or `=ignore`, added to those before it. @example parseType('zip=category', {}) */
export function parseType(text: string, earlier: NamedTypes = {}): NamedTypes {
  const at = text.lastIndexOf('=');
  const type = text.slice(at + 1);
  if (at < 1 || (type !== 'numeric' && type !== 'category' && type !== 'ignore'))
    throw new InvalidArgumentError('Write column=numeric, column=category or column=ignore.');
  return { ...earlier, [text.slice(0, at)]: type };
}

/** Reads a number above 0 and at most 1. @example parseShare('0.3') // 0.3 */
export function parseShare(text: string): number {
  const share = text.trim() === '' ? NaN : Number(text);
  if (!(share > 0 && share <= 1)) throw new InvalidArgumentError('Write a number above 0, at most 1.');
  return share;
}
