// Computes derived columns: one implementation for frozen rows, online rows and requests.
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
  /** The declaration of the column. */
  readonly spec: DerivedSpec;
  /** The column as a feature: its type with the contract and drift options of the declaration. */
  readonly feature: FeatureSpec;
  readonly kind: 'numeric' | 'category';
  /** The columns that are read, in the order in which `evaluate` expects them: source columns or earlier derived ones. */
  readonly inputs: readonly string[];
  /**
   * Computes the value. A number that is not finite, or an input of the wrong kind, counts as missing. The result is a
   * finite number, a category (`categoryOf`) or null. Instants and the row time are microseconds since 1970 UTC.
   */
  readonly evaluate: Evaluate;
}

/** Returns the kind of input that an operator gets from a column. */
export const kindOf = (spec: Pick<ColumnSpec, 'type'>): InputKind =>
  spec.type === 'instant' ? 'instant' : isNumeric(spec) ? 'number' : 'text';

/**
 * Returns the derived columns of a checked definition in the order of evaluation: as declared (first those of the views,
 * then those of the model), but each after the columns that it reads. `inputOnly` columns are included.
 *
 * @throws RangeError for a definition that was not checked
 * @example for (const { name, inputs, evaluate } of derivationsOf(definition)) …
 */
export function derivationsOf(definition: ModelDefinition): readonly Derivation[] {
  const ordered = dependencyOrder(declaredColumnsOf(definition));
  if ('cycle' in ordered) throw new RangeError(`circular derived columns: ${ordered.cycle.join(', ')}`);
  const kinds = new Map(sourceColumnsOf(definition).map(({ name, spec }) => [name, kindOf(spec)]));
  return ordered.order.map(({ name, spec }) => {
    const inputKinds = spec.inputs.map((input) => {
      const kind = kinds.get(input);
      if (!kind) throw new RangeError(`${name} reads ${input}, which is not a column`);
      return kind;
    });
    const operator = operatorOf(spec);
    const result = operator.resultType(spec, inputKinds);
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

/** Returns the declaration that the derived column would have if it were read from a table. */
function featureSpecOf(spec: DerivedSpec, result: ResultType): FeatureSpec {
  const stated: Partial<Record<string, unknown>> = spec;
  const kept = result.type === 'numeric' ? [...OPTIONS, ...BOUNDS] : OPTIONS;
  const options = kept.flatMap((option) => (stated[option] === undefined ? [] : [[option, stated[option]]]));
  // A derived column and a column of a table have the same options, so options that were checked for one are valid for
  // the other.
  return { ...result, ...(Object.fromEntries(options) as object) };
}

/** Wraps an evaluator in what all operators share: unusable inputs become null, and results are finite or null. */
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
      if (missing === 'propagates') return null;
      // Copied, because the caller's row must not change.
      if (usable === inputs) usable = [...inputs];
      (usable as Value[])[at] = null;
    }
    const result = evaluate(usable, rowTimeMicros);
    if (typeof result === 'string') return categoryOf(result);
    if (result === null) return null;
    // Adding 0 turns −0 into 0, because JSON cannot represent a negative zero.
    return Number.isFinite(result) ? result + 0 : null;
  };
}

/** The columns of a row, and a function that fills in the derived ones. */
interface RowDeriver {
  /** Column names: the source columns in the order of `sourceColumnsOf`, then the derived ones as in `derivationsOf`. */
  readonly columns: readonly string[];
  /** How many of the columns, counted from the first, are source columns. */
  readonly sources: number;
  /** Fills in the derived columns of a row whose source columns are filled in. */
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
    // Reused for every row, to avoid allocating an array per row.
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
