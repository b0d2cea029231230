// Checks the named slices of a definition against its features.
import { type Place } from '../errors.ts';
import { type FeatureSpec, isNumeric } from './column.ts';
import { type NamedSlice, type SliceCondition } from './schema/slices-schema.ts';

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
