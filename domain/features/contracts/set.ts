// The set contract: the values that a category may have.
import { type ContractRule, mostBroken } from './contract.ts';

const MOST_NAMED = 10;

/** Every value is one of `values`, to the letter. Stated where a category names them. */
export const set: ContractRule = {
  kind: 'set',
  violation: 'categorical_values_check',
  stated: (spec) => {
    if (spec.type !== 'category' || spec.values === undefined) return undefined;
    const allowed = new Set(spec.values);
    return {
      bound: mostBroken(spec),
      wrong: `are not ${oneOf(spec.values)}`,
      texts: (values) => values.map((value) => allowed.has(value)),
    };
  },
};

function oneOf(values: readonly string[]): string {
  if (values.length === 1) return values[0] ?? '';
  const rest = values.length > MOST_NAMED ? ` or ${values.length - MOST_NAMED} others` : '';
  return `one of ${values.slice(0, MOST_NAMED).join(', ')}${rest}`;
}
