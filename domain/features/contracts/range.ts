// The range contract: bounds of a number.
import { type ContractRule, mostBroken, type NumberScan } from './contract.ts';

/** Finite values lie between `min` and `max`, both inclusive. Stated where a numeric column says either; a count begins at 0. */
export const range: ContractRule = {
  kind: 'range',
  violation: 'baseline_drift_check',
  stated: (spec) => {
    if (spec.type !== 'numeric' && spec.type !== 'count') return undefined;
    const min = spec.type === 'count' ? 0 : spec.min;
    const { max } = spec;
    if (min === undefined && max === undefined) return undefined;
    return {
      bound: mostBroken(spec),
      wrong: inWords(min, max),
      numbers: () => between(min ?? -Infinity, max ?? Infinity),
    };
  },
};

function inWords(min: number | undefined, max: number | undefined): string {
  if (min === undefined) return `are above ${max}`;
  return max === undefined ? `are below ${min}` : `are not from ${min} to ${max}`;
}

const between = (min: number, max: number): NumberScan => ({
  add(values, note) {
    for (let row = 0; row < values.length; row++) {
      const value = values[row] as number;
      if ((value < min && value !== -Infinity) || (value > max && value !== Infinity)) {
        note(row, value);
      }
    }
  },
});
