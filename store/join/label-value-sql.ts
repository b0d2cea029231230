// What a value of the label's column means: positive, negative, or neither.
import pg from 'pg';
import { type ModelDefinition } from '../../domain/model/definition.ts';

type Positive = ModelDefinition['label']['positive'];

/** What a value is that means neither positive nor negative; it is read as no label. */
export const UNREADABLE = -1;

const YES = { words: ['true', 't', 'yes', 'y', 'on'], number: '^[+]?0*1([.]0*)?$' };
const NO = { words: ['false', 'f', 'no', 'n', 'off'], number: '^[+-]?0+([.]0*)?$' };
/** Texts that Postgres can cast to numeric; exponents of four digits would be out of its range. */
const NUMBER = '^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)(e[+-]?[0-9]{1,3})?$';

/**
 * 1 where a value is positive, 0 where it is negative, -1 where it is neither, null where it is null. The text of the
 * value decides, so that one rule holds for every type of column:
 *
 * - `true` and `false`, for columns of two classes: 1, true, t, yes, y and on against 0, false, f, no, n and off, in
 *   any case and with spaces around. Any other value is neither.
 * - a number: values that are this number, however they are written. A value that is no number is neither; true and
 *   false count as 1 and 0.
 * - a text: values that are this text to the letter; every other value is negative.
 *
 * @param value an expression of SQL
 * @example labelValueSql(true, 'source."gone"')
 */
export function labelValueSql(positive: Positive, value: string): string {
  // Under "C", so that no locale has its own idea of lower case.
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
