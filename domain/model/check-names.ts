// Checks the names of columns: each once, and none that already means something else.
import { type Place } from '../errors.ts';
import { type ModelDefinition, sourceColumnsOf } from './definition.ts';
import { declaredColumnsOf } from './declared-columns.ts';
import { type ColumnSpec, type FeatureSpec, isNumeric } from './parts/column.ts';
import { type NamedSlice, type SliceCondition } from './schema/slices-schema.ts';

/** Columns that every table of Postgres has of itself. */
const SYSTEM_COLUMNS = new Set(['tableoid', 'xmin', 'cmin', 'xmax', 'cmax', 'ctid']);

/** Columns that statements have beside those of the definition. */
const OWN_PREFIX = 'tidegate_';

/**
 * What is wrong with the names of source and derived columns, by place. A request, an online row and a formula all name
 * a column by its name alone.
 */
export function checkNames(definition: ModelDefinition): Place[] {
  const named = [
    ...sourceColumnsOf(definition).map(({ name, view }) => ({
      name,
      at: `features.${view}.columns.${name}`,
      where: `features.${view}`,
    })),
    ...declaredColumnsOf(definition).map(({ name, view, at }) => ({
      name,
      at,
      where: view === null ? 'derived' : `features.${view}.derived`,
    })),
  ];
  const keys = new Set(definition.entity.keys);
  const seen = new Map<string, string>();
  return named.flatMap(({ name, at, where }) => {
    const first = seen.get(name);
    if (first === undefined) seen.set(name, where);
    const problem =
      first !== undefined
        ? `a feature of that name is already declared in ${first}`
        : keys.has(name)
          ? 'is a key of the entity, and a feature needs a name of its own'
          : SYSTEM_COLUMNS.has(name)
            ? 'is a system column of Postgres'
            : name.startsWith(OWN_PREFIX)
              ? `begins with ${OWN_PREFIX}, as columns that the joins add`
              : undefined;
    return problem === undefined ? [] : [{ at, problem }];
  });
}

/** Views of one name in one definition, by place: the name says which declaration models share. */
export function repeatedViews({ features }: ModelDefinition): Place[] {
  const seen = new Map<string, number>();
  return features.flatMap(({ name }, index) => {
    if (name === undefined) return [];
    const first = seen.get(name);
    if (first === undefined) seen.set(name, index);
    return first === undefined
      ? []
      : [{ at: `features.${index}.name`, problem: `features.${first} is already named ${name}` }];
  });
}

/** What is wrong with the named slices, by place: a repeated name, an unknown column, a value that it cannot hold. */
export function checkSlices(
  slices: readonly NamedSlice[],
  features: readonly { readonly name: string; readonly spec: FeatureSpec }[],
): Place[] {
  const specs = new Map(features.map(({ name, spec }) => [name, spec]));
  const seen = new Set<string>();
  return slices.flatMap(({ name, where }, index) => {
    const at = `promotion.slices.${index}`;
    const repeated = seen.has(name)
      ? [{ at: `${at}.name`, problem: `a slice is already named ${name}` }]
      : [];
    seen.add(name);
    const wrong = Object.entries(where).flatMap(([column, condition]) => {
      const spec = specs.get(column);
      const problem = spec ? problemOf(spec, condition) : `the model has no feature ${column}`;
      return problem === undefined ? [] : [{ at: `${at}.where.${column}`, problem }];
    });
    return [...repeated, ...wrong];
  });
}

function problemOf(spec: FeatureSpec, condition: SliceCondition): string | undefined {
  if (condition === null) return undefined;
  if (isNumeric(spec)) {
    return typeof condition === 'number' || typeof condition === 'object'
      ? undefined
      : 'the column holds numbers: give one, or a range such as { min: 10 }';
  }
  if (spec.type === 'flag') {
    return typeof condition === 'boolean' ? undefined : 'the column is a flag: give true, false or null';
  }
  if (typeof condition !== 'string') return 'the column holds categories: give one of them as a text';
  const values = spec.type === 'category' ? spec.values : undefined;
  return values === undefined || values.includes(condition)
    ? undefined
    : `"${condition}" is none of its values: ${values.join(', ')}`;
}

const SWALLOWED = '__proto__';

/**
 * The places where what a model file exports names something `__proto__`: written as `{ __proto__: … }` it becomes the
 * object's prototype, and read from JSON it is dropped by every copy.
 */
export function unkeepableNames(input: unknown): Place[] {
  const places: Place[] = [];
  const seen = new Set<object>();
  const waiting: { readonly value: unknown; readonly at: string }[] = [{ value: input, at: '' }];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { value, at } = next;
    if (typeof value !== 'object' || value === null || seen.has(value)) continue;
    seen.add(value);
    if (Object.hasOwn(value, SWALLOWED) || hasLiteralPrototype(value)) {
      places.push({ at: `${at}${SWALLOWED}`, problem: 'cannot be the name of anything in a definition' });
    }
    for (const [name, below] of Object.entries(value)) waiting.push({ value: below, at: `${at}${name}.` });
  }
  return places;
}

/** Whether the prototype is itself a plain object, as only `{ __proto__: … }` makes it. */
function hasLiteralPrototype(value: object): boolean {
  const prototype = Object.getPrototypeOf(value) as object | null;
  return (
    prototype !== null &&
    Object.getPrototypeOf(prototype) === Object.prototype &&
    !Object.hasOwn(prototype, 'constructor')
  );
}

const STATING = ['nullShare', 'unique', 'mostly', 'severity', 'min', 'max', 'values', 'matches'] as const;

/**
 * The places where a column that is no feature states a contract. Inputs of derived columns are not kept with the
 * frozen rows, so nothing could ever check it.
 */
export const unfrozenContracts = (definition: ModelDefinition): Place[] =>
  definition.features.flatMap(({ columns }, view) =>
    Object.entries(columns).flatMap(([name, spec]) =>
      spec.inputOnly
        ? stating(spec).map((option) => ({
            at: `features.${view}.columns.${name}.${option}`,
            problem: 'is a contract of a column that is no feature; state it on the column derived from it',
          }))
        : [],
    ),
  );

const stating = (spec: ColumnSpec): string[] =>
  STATING.filter((option) => (spec as Partial<Record<string, unknown>>)[option] !== undefined);
