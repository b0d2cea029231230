// The derived columns of a definition as they were declared: in a view, or at the model.
import { type ModelDefinition } from '../definition.ts';
import { type DerivedSpec } from './operators.ts';

/** A declaration with its place. */
export interface DeclaredColumn {
  readonly name: string;
  readonly spec: DerivedSpec;
  /** Position of the view that declares it, and whose columns alone it may read; null at the model. */
  readonly view: number | null;
  /** Where it stands in the definition. @example 'derived.fee_per_hour' */
  readonly at: string;
}

/** Those of the views in their order, then the model's, each in the order written. */
export function declaredColumnsOf(definition: ModelDefinition): DeclaredColumn[] {
  const inViews = definition.features.flatMap(({ derived = {} }, view) =>
    Object.entries(derived).map(([name, spec]) => ({
      name,
      spec,
      view,
      at: `features.${view}.derived.${name}`,
    })),
  );
  const atModel = Object.entries(definition.derived ?? {}).map(([name, spec]) => ({
    name,
    spec,
    view: null,
    at: `derived.${name}`,
  }));
  return [...inViews, ...atModel];
}
