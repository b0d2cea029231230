// Checks the derived columns of a definition: known inputs of the right kind, no circles, options that can hold.
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
  /** The view that it belongs to; null at the model. */
  readonly view: number | null;
}

/**
 * What is wrong with the derived columns of a definition, by place.
 *
 * @example checkDerived(definition) // [{ at: 'derived.fee_per_hour.inputs.0', problem: 'there is no column …' }]
 */
export function checkDerived(definition: ModelDefinition): Place[] {
  const declared = declaredColumnsOf(definition);
  const ordered = dependencyOrder(declared);
  if ('cycle' in ordered) return [inACircle(declared, ordered.cycle)];
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
    // Said already, at the column that is wrong.
    if (!input && broken.has(name)) return [];
    if (!input || (view !== null && input.view !== view)) return [notThere(place, name, view, known)];
    return operator.takes.includes(input.kind)
      ? []
      : [
          {
            at: place,
            problem: `${name} is a ${input.kind}; ${spec.operator} takes ${kindsInWords(operator.takes)}`,
          },
        ];
  });
  const kinds = inputs.flatMap((input) => input?.kind ?? []);
  if (places.length > 0 || kinds.length < inputs.length) return { places };
  const problems = operator.problems?.(spec, kinds) ?? [];
  const result = operator.gives(spec, kinds);
  const wrong = [...problems, ...optionProblems(column, result)];
  return { places: wrong.map((problem) => ({ ...problem, at: `${at}.${problem.at}` })), result };
}

function optionProblems({ spec }: DeclaredColumn, result: ResultType): Place[] {
  const stated: Partial<Record<string, unknown>> = spec;
  if (spec.inputOnly) {
    return OF_FEATURES.filter((option) => stated[option] !== undefined).map((option) => ({
      at: option,
      problem: 'is an option of a feature, and the column is none (inputOnly)',
    }));
  }
  if (result.type === 'numeric' || spec.drift?.effect !== 'wasserstein') return [];
  return [{ at: 'drift.effect', problem: 'wasserstein needs numbers; take psi or jensenshannon' }];
}

const kindsInWords = (kinds: readonly InputKind[]): string => kinds.map((kind) => `${kind}s`).join(' or ');

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

function inACircle(declared: readonly DeclaredColumn[], cycle: readonly string[]): Place {
  const steps = cycle.slice(1).map((input, at) => `${cycle[at]} reads ${input}`);
  const at = declared.find(({ name }) => name === cycle[0])?.at ?? 'derived';
  return { at, problem: `derived columns go in a circle: ${steps.join(', ')}` };
}
