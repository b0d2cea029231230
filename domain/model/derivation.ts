// Derived columns made ready to compute: one implementation for frozen rows, online rows and requests.
import { categoryOf } from './parts/category.ts';
import { type ColumnSpec, type FeatureSpec, isNumeric } from './parts/column.ts';
import { type ModelDefinition, sourceColumnsOf } from './definition.ts';
import { declaredColumnsOf, dependencyOrder } from './declared-columns.ts';
import {
  type Evaluate,
  type InputKind,
  type Operator,
  type ResultType,
  type Value,
} from './derived/operator.ts';
import { type DerivedSpec, operatorOf } from './derived/operators.ts';

/** A derived column, ready to be computed. */
export interface Derivation {
  readonly name: string;
  /** As it was declared. */
  readonly spec: DerivedSpec;
  /** As a feature: its type with the contract and drift options of the declaration. */
  readonly feature: FeatureSpec;
  readonly kind: 'numeric' | 'category';
  /** The columns that are read, sources or derived ones that come earlier, in the order that `evaluate` takes them. */
  readonly inputs: readonly string[];
  /**
   * Computes the value. Numbers that are not finite, and values of the wrong kind, count as missing; the result is a
   * finite number, a category (`categoryOf`) or null. Instants are microseconds since 1970 UTC, as is the row time.
   */
  readonly evaluate: Evaluate;
}

/** What a source column is to an operator. */
export const kindOf = (spec: Pick<ColumnSpec, 'type'>): InputKind =>
  spec.type === 'instant' ? 'instant' : isNumeric(spec) ? 'number' : 'text';

/**
 * The derived columns of a checked definition in the order of evaluation: as declared (those of the views, then the
 * model's), but each after those that it reads. Those that are no feature (`inputOnly`) are among them.
 *
 * @throws RangeError for a definition that was not checked
 * @example for (const { name, inputs, evaluate } of derivationsOf(definition)) …
 */
export function derivationsOf(definition: ModelDefinition): readonly Derivation[] {
  const ordered = dependencyOrder(declaredColumnsOf(definition));
  if ('cycle' in ordered) throw new RangeError(`derived columns go in a circle: ${ordered.cycle.join(', ')}`);
  const kinds = new Map(sourceColumnsOf(definition).map(({ name, spec }) => [name, kindOf(spec)]));
  return ordered.order.map(({ name, spec }) => {
    const inputKinds = spec.inputs.map((input) => {
      const kind = kinds.get(input);
      if (!kind) throw new RangeError(`${name} reads ${input}, which is no column`);
      return kind;
    });
    const operator = operatorOf(spec);
    const result = operator.gives(spec, inputKinds);
    kinds.set(name, kindOf(result));
    return {
      name,
      spec,
      feature: featureSpecOf(spec, result),
      kind: isNumeric(result) ? 'numeric' : 'category',
      inputs: spec.inputs,
      evaluate: guarded(operator, operator.evaluator(spec), inputKinds),
    };
  });
}

const OPTIONS = ['critical', 'drift', 'inputOnly', 'nullShare', 'unique', 'mostly', 'severity'] as const;
const BOUNDS = ['min', 'max'] as const;

/** The declaration of a derived column as if it were read from a table. */
function featureSpecOf(spec: DerivedSpec, result: ResultType): FeatureSpec {
  const stated: Partial<Record<string, unknown>> = spec;
  const kept = result.type === 'numeric' ? [...OPTIONS, ...BOUNDS] : OPTIONS;
  const options = kept.flatMap((option) => (stated[option] === undefined ? [] : [[option, stated[option]]]));
  // The options of a declaration are those of a column, so what was checked as one is the other.
  return { ...result, ...(Object.fromEntries(options) as object) };
}

/** What holds for every operator: missing values on the way in, finite numbers and categories on the way out. */
function guarded(
  { missing }: Pick<Operator, 'missing'>,
  evaluate: Evaluate,
  kinds: readonly InputKind[],
): Evaluate {
  const isText = kinds.map((kind) => kind === 'text');
  return (inputs, rowTimeMicros) => {
    let usable = inputs;
    for (let at = 0; at < isText.length; at += 1) {
      const value = inputs[at];
      if (isText[at] ? typeof value === 'string' : Number.isFinite(value)) continue;
      if (missing === 'spreads') return null;
      // Copied, for the caller's row must stay as it is.
      if (usable === inputs) usable = [...inputs];
      (usable as Value[])[at] = null;
    }
    const result = evaluate(usable, rowTimeMicros);
    if (typeof result === 'string') return categoryOf(result);
    if (result === null) return null;
    // A negative zero would be another value in JSON than in bytes.
    return Number.isFinite(result) ? result + 0 : null;
  };
}

/** The places of a row, and how those of the derived columns are filled. */
interface RowDeriver {
  /** Names by place: the source columns in the order of `sourceColumnsOf`, then the derived ones in that of `derivationsOf`. */
  readonly columns: readonly string[];
  /** How many places are source columns. */
  readonly sources: number;
  /** Fills the places of derived columns of a row whose source columns are filled. */
  readonly derive: (row: Value[], rowTimeMicros: number) => void;
}

/**
 * Prepares the computation of derived columns for rows of one definition.
 *
 * @example
 * const { columns, sources, derive } = rowDeriver(definition);
 * const row = [29.9, 12]; // monthly_fee, watch_hours_30d
 * derive(row, 1_706_659_200_000_000); // row[2] is fee_per_hour
 */
export function rowDeriver(definition: ModelDefinition): RowDeriver {
  const sources = sourceColumnsOf(definition).map(({ name }) => name);
  const derivations = derivationsOf(definition);
  const columns = [...sources, ...derivations.map(({ name }) => name)];
  const places = new Map(columns.map((name, at) => [name, at]));
  const steps = derivations.map(({ inputs, evaluate }, index) => ({
    from: inputs.map((input) => places.get(input) as number),
    to: sources.length + index,
    evaluate,
    // Filled anew for each row, so that a million rows make no million lists.
    inputs: new Array<Value>(inputs.length).fill(null),
  }));
  return {
    columns,
    sources: sources.length,
    derive(row, rowTimeMicros) {
      for (const { from, to, evaluate, inputs } of steps) {
        for (let at = 0; at < from.length; at += 1) inputs[at] = row[from[at] as number] ?? null;
        row[to] = evaluate(inputs, rowTimeMicros);
      }
    },
  };
}
