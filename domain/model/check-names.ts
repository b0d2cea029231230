// Checks the names in a definition: no column name is used twice or reserved, and slices name columns that exist.
import { type Place } from '../errors.ts';
import { type ModelDefinition, sourceColumnsOf } from './definition.ts';
import { declaredColumnsOf } from './declared-columns.ts';
import { type ColumnSpec, type FeatureSpec, isNumeric } from './parts/column.ts';
import { type NamedSlice, type SliceCondition } from './schema/slices-schema.ts';

/** System columns, which every table in Postgres has. */
const SYSTEM_COLUMNS = new Set(['tableoid', 'xmin', 'cmin', 'xmax', 'cmax', 'ctid']);

/** Prefix of the columns that our SQL adds to those of the definition. */
const OWN_PREFIX = 'tidegate_';

/**
 * Returns what is wrong with the names of source and derived columns. Names must be unique in the whole definition,
 * because a request, an online row and a formula refer to a column only by its name.
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
          ? 'is already a key of the entity; give the feature another name'
          : SYSTEM_COLUMNS.has(name)
            ? 'is a system column of Postgres'
            : name.startsWith(OWN_PREFIX)
              ? `begins with ${OWN_PREFIX}, which is reserved for columns that Tidegate adds`
              : undefined;
    return problem === undefined ? [] : [{ at, problem }];
  });
}

/** Returns the views whose name is already used in the same definition. Models share the declaration of a named view. */
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

/** Returns what is wrong with the named slices: repeated names, unknown columns, and values that a column cannot have. */
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
      : 'the column contains numbers: give a number, or a range such as { min: 10 }';
  }
  if (spec.type === 'flag') {
    return typeof condition === 'boolean' ? undefined : 'the column is a flag: give true, false or null';
  }
  if (typeof condition !== 'string') return 'the column contains categories: give one of them as a string';
  const values = spec.type === 'category' ? spec.values : undefined;
  return values === undefined || values.includes(condition)
    ? undefined
    : `"${condition}" is not one of its values: ${values.join(', ')}`;
}

const RESERVED = '__proto__';

/**
 * Returns the places where a model file uses the name `__proto__`. Written as `{ __proto__: … }` it becomes the object's
 * prototype; parsed from JSON it is lost whenever the object is copied.
 */
export function unkeepableNames(input: unknown): Place[] {
  const places: Place[] = [];
  const seen = new Set<object>();
  const waiting: { readonly value: unknown; readonly at: string }[] = [{ value: input, at: '' }];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { value, at } = next;
    if (typeof value !== 'object' || value === null || seen.has(value)) continue;
    seen.add(value);
    if (Object.hasOwn(value, RESERVED) || hasLiteralPrototype(value)) {
      places.push({ at: `${at}${RESERVED}`, problem: 'cannot be used as a name in a definition' });
    }
    for (const [name, below] of Object.entries(value)) waiting.push({ value: below, at: `${at}${name}.` });
  }
  return places;
}

/** Whether the prototype is itself a plain object, which only `{ __proto__: … }` can cause. */
function hasLiteralPrototype(value: object): boolean {
  const prototype = Object.getPrototypeOf(value) as object | null;
  return (
    prototype !== null &&
    Object.getPrototypeOf(prototype) === Object.prototype &&
    !Object.hasOwn(prototype, 'constructor')
  );
}

const CONTRACT_OPTIONS = [
  'nullShare',
  'unique',
  'mostly',
  'severity',
  'min',
  'max',
  'values',
  'matches',
] as const;

/**
 * Returns the contracts on columns that are not features. The inputs of derived columns are not kept with the frozen
 * rows, so such a contract could never be checked.
 */
export const unfrozenContracts = (definition: ModelDefinition): Place[] =>
  definition.features.flatMap(({ columns }, view) =>
    Object.entries(columns).flatMap(([name, spec]) =>
      spec.inputOnly
        ? contractOptionsOf(spec).map((option) => ({
            at: `features.${view}.columns.${name}.${option}`,
            problem: 'is a contract on a column that is not a feature; put it on the column derived from it',
          }))
        : [],
    ),
  );

const contractOptionsOf = (spec: ColumnSpec): string[] =>
  CONTRACT_OPTIONS.filter((option) => (spec as Partial<Record<string, unknown>>)[option] !== undefined);
