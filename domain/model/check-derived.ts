// Checks the derived columns of a definition: their inputs, circular dependencies, and options that fit the result.
import { type Place } from '../errors.ts';
import { type ModelDefinition, sourceColumnsOf } from './definition.ts';
import { type DeclaredColumn, declaredColumnsOf, dependencyOrder } from './declared-columns.ts';
import { kindOf } from './derivation.ts';
import { type InputKind, type ResultType } from './derived/operator.ts';
import { operatorOf } from './derived/operators.ts';

const MAX_NAMED = 20;
const OF_FEATURES = ['critical', 'drift', 'nullShare', 'unique', 'mostly', 'severity', 'min', 'max'] as const;

interface Known {
  readonly kind: InputKind;
  /** Position of the view that the column belongs to; null for a derived column of the model. */
  readonly view: number | null;
}

/**
 * Returns what is wrong with the derived columns of a definition.
 *
 * @example checkDerived(definition) // [{ at: 'derived.fee_per_hour.inputs.0', problem: 'there is no column …' }]
 */
export function checkDerived(definition: ModelDefinition): Place[] {
  const declared = declaredColumnsOf(definition);
  const ordered = dependencyOrder(declared);
  if ('cycle' in ordered) return [circularColumns(declared, ordered.cycle)];
  const known = new Map<string, Known>(
    sourceColumnsOf(definition).map(({ name, spec, view }) => [name, { kind: kindOf(spec), view }]),
  );
  const broken = new Set<string>();
  return ordered.order.flatMap((column) => {
    const { places, result } = checkColumn(column, known, broken);
    if (result) known.set(column.name, { kind: kindOf(result), view: column.view });
    else broken.add(column.name);
    return places;
  });
}

function checkColumn(
  column: DeclaredColumn,
  known: ReadonlyMap<string, Known>,
  broken: ReadonlySet<string>,
): { readonly places: Place[]; readonly result?: ResultType } {
  const { spec, view, at } = column;
  const operator = operatorOf(spec);
  const inputs = spec.inputs.map((name) => known.get(name));
  const places = inputs.flatMap((input, index): Place[] => {
    const name = spec.inputs[index] as string;
    const place = `${at}.inputs.${index}`;
    // The problem was already reported at the input column itself.
    if (!input && broken.has(name)) return [];
    if (!input || (view !== null && input.view !== view)) return [notThere(place, name, view, known)];
    return operator.accepts.includes(input.kind)
      ? []
      : [
          {
            at: place,
            problem: `${name} is a ${input.kind}; ${spec.operator} accepts ${describeKinds(operator.accepts)}`,
          },
        ];
  });
  const kinds = inputs.flatMap((input) => input?.kind ?? []);
  if (places.length > 0 || kinds.length < inputs.length) return { places };
  const problems = operator.problems?.(spec, kinds) ?? [];
  const result = operator.resultType(spec, kinds);
  const wrong = [...problems, ...optionProblems(column, result)];
  return { places: wrong.map((problem) => ({ ...problem, at: `${at}.${problem.at}` })), result };
}

function optionProblems({ spec }: DeclaredColumn, result: ResultType): Place[] {
  const stated: Partial<Record<string, unknown>> = spec;
  if (spec.inputOnly) {
    return OF_FEATURES.filter((option) => stated[option] !== undefined).map((option) => ({
      at: option,
      problem: 'applies only to features, and the column is inputOnly',
    }));
  }
  if (result.type === 'numeric' || spec.drift?.effect !== 'wasserstein') return [];
  return [{ at: 'drift.effect', problem: 'wasserstein needs numbers; use psi or jensenshannon' }];
}

const describeKinds = (kinds: readonly InputKind[]): string => kinds.map((kind) => `${kind}s`).join(' or ');

function notThere(at: string, name: string, view: number | null, known: ReadonlyMap<string, Known>): Place {
  const names = [...known]
    .filter(([, column]) => view === null || column.view === view)
    .map(([each]) => each);
  const more = names.length > MAX_NAMED ? ` and ${names.length - MAX_NAMED} more` : '';
  const whose = view === null ? 'there are' : 'the view has';
  return {
    at,
    problem: `there is no column ${name}; ${whose} ${names.slice(0, MAX_NAMED).join(', ')}${more}`,
  };
}

function circularColumns(declared: readonly DeclaredColumn[], cycle: readonly string[]): Place {
  const steps = cycle.slice(1).map((input, at) => `${cycle[at]} reads ${input}`);
  const at = declared.find(({ name }) => name === cycle[0])?.at ?? 'derived';
  return { at, problem: `circular derived columns: ${steps.join(', ')}` };
}
