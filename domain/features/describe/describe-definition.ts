// A definition as it is told to people: its views and derived columns, each with all that holds for it.
import { type ColumnSpec } from '../column.ts';
import { type ModelDefinition, type ViewDefinition } from '../definition.ts';
import { declaredColumnsOf } from '../derived/declared.ts';
import { derivationsOf } from '../derived/derivation.ts';
import { formulaOf } from '../derived/operators.ts';
import { contractInWords, driftInWords } from './declaration-words.ts';

/** A column of a view. */
export interface DescribedColumn {
  readonly name: string;
  readonly type: ColumnSpec['type'];
  /** Whether a version learns from it; otherwise only derived columns read it. */
  readonly isFeature: boolean;
  /** What its values promise, a part each. @example ['at least 0'] */
  readonly contract: readonly string[];
  /** How its drift is judged where the declaration says. @example ['critical'] */
  readonly drift: readonly string[];
}

/** A derived column. */
export interface DescribedDerivation extends DescribedColumn {
  readonly formula: string;
  readonly inputs: readonly string[];
  /** The place of the view that declares it; null at the model. */
  readonly view: number | null;
}

/** A view. */
export interface DescribedView extends Omit<ViewDefinition, 'columns' | 'derived' | 'keys'> {
  /** Entity key to the view's column. */
  readonly keys: Readonly<Record<string, string>>;
  readonly columns: readonly DescribedColumn[];
}

/** All of a definition that speaks of features. */
export interface DescribedDefinition {
  readonly entity: ModelDefinition['entity'];
  readonly rows: ModelDefinition['rows'];
  readonly views: readonly DescribedView[];
  /** In the order of evaluation. */
  readonly derived: readonly DescribedDerivation[];
  readonly label: ModelDefinition['label'];
  readonly holdout: ModelDefinition['holdout'];
}

/** Describes a checked definition. */
export function describeDefinition(definition: ModelDefinition): DescribedDefinition {
  const { entity, rows, label, holdout } = definition;
  const views = definition.features.map((view) => describeView(view, entity.keys));
  const viewOf = new Map(declaredColumnsOf(definition).map(({ name, view }) => [name, view]));
  const derived = derivationsOf(definition).map(({ name, spec, feature, inputs }) => ({
    ...describeColumn(name, feature),
    formula: formulaOf(spec),
    inputs,
    view: viewOf.get(name) ?? null,
  }));
  return { entity, rows, views, derived, label, holdout };
}

function describeView(
  { columns, keys, ...view }: ViewDefinition,
  entityKeys: readonly string[],
): DescribedView {
  const told = { ...view };
  // Told with all other derived columns.
  delete told.derived;
  return {
    ...told,
    keys: keys ?? Object.fromEntries(entityKeys.map((key) => [key, key])),
    columns: Object.entries(columns).map(([name, spec]) => describeColumn(name, spec)),
  };
}

const describeColumn = (name: string, spec: ColumnSpec): DescribedColumn => ({
  name,
  type: spec.type,
  isFeature: !spec.inputOnly,
  contract: contractInWords(spec),
  drift: driftInWords(spec),
});
