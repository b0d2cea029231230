// The derived columns of a definition as they were declared: in a view, or at the model.
import { type ModelDefinition } from './definition.ts';
import { type DerivedSpec } from './derived/operators.ts';

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

/** Columns in order, or names that read each other in a circle, the first one repeated at the end. */
type Ordered = { readonly order: DeclaredColumn[] } | { readonly cycle: string[] };

interface Visit {
  readonly column: DeclaredColumn;
  /** The next input to look at. */
  next: number;
}

/**
 * The order of evaluation: as declared, but that a column comes before the first that reads it.
 *
 * @example dependencyOrder(declaredColumnsOf(definition))
 */
export function dependencyOrder(columns: readonly DeclaredColumn[]): Ordered {
  const byName = new Map(columns.map((column) => [column.name, column]));
  const done = new Set<DeclaredColumn>();
  const order: DeclaredColumn[] = [];
  for (const start of columns) {
    if (done.has(start)) continue;
    // A stack of our own: columns may build on each other thousands deep.
    const path: Visit[] = [{ column: start, next: 0 }];
    const onPath = new Set([start]);
    for (let visit = path.at(-1); visit; visit = path.at(-1)) {
      const { inputs } = visit.column.spec;
      if (visit.next === inputs.length) {
        path.pop();
        onPath.delete(visit.column);
        done.add(visit.column);
        order.push(visit.column);
        continue;
      }
      const input = byName.get(inputs[visit.next] as string);
      visit.next += 1;
      if (!input || done.has(input)) continue;
      if (onPath.has(input)) return { cycle: circle(path, input) };
      path.push({ column: input, next: 0 });
      onPath.add(input);
    }
  }
  return { order };
}

function circle(path: readonly Visit[], closing: DeclaredColumn): string[] {
  const from = path.findIndex(({ column }) => column === closing);
  return [...path.slice(from).map(({ column }) => column.name), closing.name];
}
