// The columns of a definition's rows: source columns, and columns derived from them.
import {
  type Feature,
  featuresOf,
  type SourceColumn,
  sourceColumnsOf,
} from '../../domain/model/define-model.ts';
import { type ModelDefinition } from '../../domain/model/definition.ts';
import { type Derivation, derivationsOf, rowDeriver } from '../../domain/model/derivation.ts';
import { type Value } from '../../domain/model/derived/operator.ts';
import { type FeatureRecord } from '../../domain/data/frame.ts';

/** The columns of a definition's rows, prepared once for many rows. */
export interface RowShape {
  readonly features: readonly Feature[];
  /** Columns that an online row contains and that a request may send. */
  readonly sources: readonly SourceColumn[];
  readonly derivations: readonly Derivation[];
  /** Computes the derived columns of a row from its source values, in order, and returns its features by name. */
  readonly record: (sources: readonly Value[], rowTimeMicros: number) => FeatureRecord;
}

/** Prepares the shape of a definition's rows. */
export function rowShape(definition: ModelDefinition): RowShape {
  const features = featuresOf(definition);
  const { columns, derive } = rowDeriver(definition);
  const places = features.map(({ name }) => [name, columns.indexOf(name)] as const);
  return {
    features,
    sources: sourceColumnsOf(definition),
    derivations: derivationsOf(definition),
    record(sources, rowTimeMicros) {
      const row = [...sources];
      derive(row, rowTimeMicros);
      return Object.fromEntries(places.map(([name, at]) => [name, row[at] ?? null]));
    },
  };
}
