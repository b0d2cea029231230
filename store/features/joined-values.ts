// Reads the source columns of a joined row from the texts that Postgres sends.
import { isNumeric } from '../../domain/model/parts/column.ts';
import { sourceColumnsOf } from '../../domain/model/define-model.ts';
import { type ModelDefinition } from '../../domain/model/definition.ts';
import { type Value } from '../../domain/model/derived/operator.ts';

/**
 * Makes a reader of joined rows: the fields of the source columns, in the order of `sourceColumnsOf`, become numbers
 * (instants in microseconds) and texts. NaN, which is missing, becomes null; infinities stay.
 *
 * @example joinedValues(definition)(['29.9', null, 'DSL']) // [29.9, null, 'DSL']
 */
export function joinedValues(definition: ModelDefinition): (fields: readonly (string | null)[]) => Value[] {
  const numeric = sourceColumnsOf(definition).map(({ spec }) => isNumeric(spec));
  return (fields) =>
    numeric.map((isNumber, at) => {
      const text = fields[at] ?? null;
      if (text === null || !isNumber) return text;
      const number = Number(text);
      return Number.isNaN(number) ? null : number;
    });
}
