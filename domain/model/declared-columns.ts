// The derived columns of a definition, declared in a view or in the model, and the order in which they are computed.
import { type ModelDefinition } from './definition.ts';
import { type DerivedSpec } from './derived/operators.ts';

/** A derived column and where it is declared. */
export interface DeclaredColumn {
  readonly name: string;
  readonly spec: DerivedSpec;
  /**
   * Position of the view that declares it; such a column may read only the columns of that view. Null if the model
   * itself declares it.
   */
  readonly view: number | null;
  /** Path of the declaration in the definition. @example 'derived.fee_per_hour' */
  readonly at: string;
}

/** Returns the derived columns of the views, then those of the model, each in the order in which they are written. */
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

/** Columns in the order of evaluation, or the names of a circular dependency with the first name repeated at the end. */
type Ordered = { readonly order: DeclaredColumn[] } | { readonly cycle: string[] };

interface Visit {
  readonly column: DeclaredColumn;
  /** Position of the next input to visit. */
  next: number;
}

/**
 * Sorts columns into the order of evaluation: the declared order, except that a column comes before those that read it.
 *
 * @example dependencyOrder(declaredColumnsOf(definition))
 */
export function dependencyOrder(columns: readonly DeclaredColumn[]): Ordered {
  const byName = new Map(columns.map((column) => [column.name, column]));
  const done = new Set<DeclaredColumn>();
  const order: DeclaredColumn[] = [];
  for (const start of columns) {
    if (done.has(start)) continue;
    // An explicit stack instead of recursion: chains of columns may be thousands deep.
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
      if (onPath.has(input)) return { cycle: cycleOf(path, input) };
      path.push({ column: input, next: 0 });
      onPath.add(input);
    }
  }
  return { order };
}

function cycleOf(path: readonly Visit[], closing: DeclaredColumn): string[] {
  const from = path.findIndex(({ column }) => column === closing);
  return [...path.slice(from).map(({ column }) => column.name), closing.name];
}
