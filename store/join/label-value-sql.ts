// Decides in SQL whether a value of the label's column means positive, negative or neither.
import pg from 'pg';
import { type ModelDefinition } from '../../domain/model/definition.ts';

type Positive = ModelDefinition['label']['positive'];

/** Result for a value that means neither positive nor negative; the row is treated as one without a label. */
export const UNREADABLE = -1;

const YES = { words: ['true', 't', 'yes', 'y', 'on'], number: '^[+]?0*1([.]0*)?$' };
const NO = { words: ['false', 'f', 'no', 'n', 'off'], number: '^[+-]?0+([.]0*)?$' };
/** Texts that Postgres can cast to numeric; exponents of four digits could be out of range. */
const NUMBER = '^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)(e[+-]?[0-9]{1,3})?$';

/**
 * Builds an expression that is 1 for a positive value, 0 for a negative one, -1 for neither and null for null. It compares
 * the text of the value, so the same rule works for every type of column:
 *
 * - `true` and `false`, for columns of two classes: 1, true, t, yes, y and on against 0, false, f, no, n and off, in
 *   any case and with spaces around. Any other value is neither.
 * - a number: values equal to this number, however they are written; other numbers are negative, and true and false
 *   count as 1 and 0. Any other value is neither.
 * - a text: values that are exactly this text; every other value is negative.
 *
 * @param value an expression of SQL
 * @example labelValueSql(true, 'source."gone"')
 */
export function labelValueSql(positive: Positive, value: string): string {
  // Collation "C", because lower case depends on the locale.
  const text = `lower(btrim(${value}::text, E' \\t\\r\\n') collate "C")`;
  const either = ({ words, number }: typeof YES): string =>
    `(${text} in (${words.map((word) => pg.escapeLiteral(word)).join(', ')}) or ${text} ~ '${number}')`;
  const cases = (): string[] => {
    if (typeof positive === 'string') {
      return [`when ${value}::text = ${pg.escapeLiteral(positive)} then 1`, 'else 0'];
    }
    if (typeof positive === 'boolean') {
      const [one, zero] = positive ? [1, 0] : [0, 1];
      return [`when ${either(YES)} then ${one}`, `when ${either(NO)} then ${zero}`, `else ${UNREADABLE}`];
    }
    const isEqual = `(${text}::numeric = ${pg.escapeLiteral(String(positive))}::numeric)::int`;
    return [
      `when ${text} ~ '${NUMBER}' then ${isEqual}`,
      `when ${text} in ('true', 'false') then ((${text} = 'true')::int = ${positive})::int`,
      `else ${UNREADABLE}`,
    ];
  };
  return `case when ${value} is null then null ${cases().join(' ')} end`;
}
