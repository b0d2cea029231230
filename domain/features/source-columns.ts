// The columns of a definition that are read from the user's tables.
import { type ColumnSpec } from './column.ts';
import { type ModelDefinition } from './definition.ts';

/** A column that is read from a view. */
export interface SourceColumn {
  readonly name: string;
  readonly spec: ColumnSpec;
  /** Position of its view in the definition. */
  readonly view: number;
}

/** The columns that are read from the views, features and inputs of derived columns alike, in the order written. */
export const sourceColumnsOf = (definition: ModelDefinition): SourceColumn[] =>
  definition.features.flatMap((source, view) =>
    Object.entries(source.columns).map(([name, spec]) => ({ name, spec, view })),
  );
