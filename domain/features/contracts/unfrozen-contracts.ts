// Contracts that could never be checked: those of columns that are read for derived columns only.
import { type Place } from '../../errors.ts';
import { type ColumnSpec } from '../column.ts';
import { type ModelDefinition } from '../definition.ts';

const STATING = ['nullShare', 'unique', 'mostly', 'severity', 'min', 'max', 'values', 'matches'] as const;

/**
 * The places where a column that is no feature states a contract. Inputs of derived columns are not kept with the
 * frozen rows, so nothing could ever check it.
 */
export const unfrozenContracts = (definition: ModelDefinition): Place[] =>
  definition.features.flatMap(({ columns }, view) =>
    Object.entries(columns).flatMap(([name, spec]) =>
      spec.inputOnly
        ? stating(spec).map((option) => ({
            at: `features.${view}.columns.${name}.${option}`,
            problem: 'is a contract of a column that is no feature; state it on the column derived from it',
          }))
        : [],
    ),
  );

const stating = (spec: ColumnSpec): string[] =>
  STATING.filter((option) => (spec as Partial<Record<string, unknown>>)[option] !== undefined);
