// Describes a definition to people: its views and derived columns, each with its contract and drift policy.
import { type ColumnSpec } from '../../model/parts/column.ts';
import { type ModelDefinition, type ViewDefinition } from '../../model/definition.ts';
import { declaredColumnsOf } from '../../model/declared-columns.ts';
import { derivationsOf } from '../../model/derivation.ts';
import { formulaOf } from '../../model/derived/operators.ts';
import { percent } from '../../format-numbers.ts';

/** A column of a view. */
export interface DescribedColumn {
  readonly name: string;
  readonly type: ColumnSpec['type'];
  /** Whether a version learns from it; otherwise only derived columns read it. */
  readonly isFeature: boolean;
  /** The clauses of its contract. @example ['at least 0'] */
  readonly contract: readonly string[];
  /** Its drift settings that differ from the model's. @example ['critical'] */
  readonly drift: readonly string[];
}

/** A derived column. */
export interface DescribedDerivation extends DescribedColumn {
  readonly formula: string;
  readonly inputs: readonly string[];
  /** Index of the view that declares it; null if the model declares it. */
  readonly view: number | null;
}

/** A view. */
export interface DescribedView extends Omit<ViewDefinition, 'columns' | 'derived' | 'keys'> {
  /** Entity key to the view's column. */
  readonly keys: Readonly<Record<string, string>>;
  readonly columns: readonly DescribedColumn[];
}

/** The parts of a definition that concern features. */
export interface DescribedDefinition {
  readonly entity: ModelDefinition['entity'];
  readonly rows: ModelDefinition['rows'];
  readonly views: readonly DescribedView[];
  /** In order of evaluation. */
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
  const described = { ...view };
  // Listed together with all other derived columns.
  delete described.derived;
  return {
    ...described,
    keys: keys ?? Object.fromEntries(entityKeys.map((key) => [key, key])),
    columns: Object.entries(columns).map(([name, spec]) => describeColumn(name, spec)),
  };
}

const describeColumn = (name: string, spec: ColumnSpec): DescribedColumn => ({
  name,
  type: spec.type,
  isFeature: !spec.inputOnly,
  contract: describeContract(spec),
  drift: describeDriftPolicy(spec),
});

const MAX_VALUES = 8;

/**
 * Describes the contract of a column, one text per clause; empty if it has none.
 *
 * @example describeContract(numeric({ min: 0, nullShare: 0.1 })) // ['at least 0', 'at most 10 % missing']
 */
export function describeContract(spec: ColumnSpec): string[] {
  if (spec.type === 'instant') return [];
  const { nullShare, unique, mostly, severity } = spec;
  const parts = [
    ...describeValues(spec),
    ...(nullShare === undefined ? [] : [`at most ${percent(nullShare)} missing`]),
    ...(unique ? ['no value twice'] : []),
  ];
  if (parts.length === 0) return [];
  return [
    ...parts,
    ...(mostly === undefined ? [] : [`in ${percent(mostly)} of the rows`]),
    ...(severity === undefined ? [] : [`else ${describeSeverity(severity)}`]),
  ];
}

type Judged = Exclude<ColumnSpec, { type: 'instant' }>;

function describeValues(spec: Judged): string[] {
  switch (spec.type) {
    case 'numeric':
      return describeBounds(spec.min, spec.max);
    case 'count':
      return ['whole', ...describeBounds(0, spec.max)];
    case 'category':
      return [
        ...(spec.values ? [oneOf(spec.values)] : []),
        ...(spec.matches === undefined ? [] : [`matches ${spec.matches}`]),
      ];
    case 'flag':
      return [];
  }
}

function describeBounds(min: number | undefined, max: number | undefined): string[] {
  if (min !== undefined && max !== undefined) return [`${min} to ${max}`];
  if (min !== undefined) return [`at least ${min}`];
  return max === undefined ? [] : [`at most ${max}`];
}

function oneOf(values: readonly string[]): string {
  const more = values.length > MAX_VALUES ? ` and ${values.length - MAX_VALUES} more` : '';
  return `one of ${values.slice(0, MAX_VALUES).join(', ')}${more}`;
}

const describeSeverity = (severity: NonNullable<Judged['severity']>): string =>
  typeof severity === 'string'
    ? severity
    : Object.entries(severity)
        .map(([kind, word]) => `${word} for ${kind}`)
        .join(', ');

/**
 * Describes the drift settings of a column that differ from the model's; empty if there are none.
 *
 * @example describeDriftPolicy(count({ critical: true, drift: { effect: 'psi', threshold: 0.1 } })) // ['critical', 'psi from 0.1']
 */
export function describeDriftPolicy(spec: ColumnSpec): string[] {
  if (spec.type === 'instant') return [];
  const { effect, threshold, weight } = spec.drift ?? {};
  const from = threshold === undefined ? '' : ` from ${threshold}`;
  return [
    ...(spec.critical ? ['critical'] : []),
    ...(effect === undefined && threshold === undefined ? [] : [`${effect ?? 'effect'}${from}`]),
    ...(weight === undefined ? [] : [`weight ${weight}`]),
  ];
}
