// All kinds of contracts that a column can declare.
import { type ContractRule, maxBroken, type NumberScan } from '../model/parts/contract.ts';
import { regex } from '../model/parts/regex.ts';
import { DistinctCounter } from './distinct-counter.ts';

/**
 * Maximum number of distinct numbers that are kept at a time; this many take 48 MB, and half as many take half of that.
 */
const MAX_DISTINCT = 2 ** 21;

/**
 * No value occurs twice in the window. Every occurrence after the first is a violation; missing values are not
 * violations. Declared by a column with `unique`.
 *
 * Exact for texts, and for numbers with up to 2,097,152 distinct values. If there are more, only a sample of the values
 * is checked, chosen by hash: half of them, or a quarter if half are still too many, and so on. Each sampled value is
 * counted exactly, and `rows` counts the sampled rows.
 */
const unique: ContractRule = {
  kind: 'unique',
  violation: null,
  stated: (spec) =>
    spec.type === 'instant' || !spec.unique
      ? undefined
      : {
          bound: maxBroken(spec),
          wrong: 'repeat a value of another row',
          numbers: repeats,
          texts: 'repeats',
        },
};

const repeats = (): NumberScan => {
  const seen = new DistinctCounter(MAX_DISTINCT);
  return {
    add(values, note) {
      for (let row = 0; row < values.length; row++) {
        const value = values[row] as number;
        if (value === value && seen.add(value)) note(row, value);
      }
    },
    counted: () => {
      const { values, repeats: violations } = seen.counted();
      return { rows: values, violations };
    },
  };
};

/**
 * Every value has the declared type. Always checked, except for categories, which may be any texts. An infinite value
 * violates this contract, and `range` does not count it again.
 */
const type: ContractRule = {
  kind: 'type',
  violation: 'data_type_check',
  stated: (spec) => {
    const bound = maxBroken(spec);
    switch (spec.type) {
      case 'count':
        return { bound, wrong: 'are not whole numbers', numbers: () => whole };
      case 'numeric':
        return { bound, wrong: 'are not finite', numbers: () => finite };
      case 'instant':
        return { bound, wrong: 'are not instants', numbers: () => finite };
      case 'flag':
        return { bound, wrong: 'are neither true nor false', texts: (values) => values.map(isFlag) };
      case 'category':
        return undefined;
    }
  },
};

const isFlag = (value: string): boolean => value === 'true' || value === 'false';

const finite: NumberScan = {
  add(values, note) {
    for (let row = 0; row < values.length; row++) {
      const value = values[row] as number;
      if (value === Infinity || value === -Infinity) note(row, value);
    }
  },
};

const whole: NumberScan = {
  add(values, note) {
    for (let row = 0; row < values.length; row++) {
      const value = values[row] as number;
      // NaN (missing) is not equal to itself; ∞ − ∞ is NaN, so infinities violate the contract.
      if (value === value && value - Math.floor(value) !== 0) note(row, value);
    }
  },
};

const MAX_NAMED = 10;

/** Every value is exactly one of `values`. Declared by a category with `values`. */
const set: ContractRule = {
  kind: 'set',
  violation: 'categorical_values_check',
  stated: (spec) => {
    if (spec.type !== 'category' || spec.values === undefined) return undefined;
    const allowed = new Set(spec.values);
    return {
      bound: maxBroken(spec),
      wrong: `are not ${oneOf(spec.values)}`,
      texts: (values) => values.map((value) => allowed.has(value)),
    };
  },
};

function oneOf(values: readonly string[]): string {
  if (values.length === 1) return values[0] ?? '';
  const rest = values.length > MAX_NAMED ? ` or ${values.length - MAX_NAMED} others` : '';
  return `one of ${values.slice(0, MAX_NAMED).join(', ')}${rest}`;
}

/**
 * Finite values lie between `min` and `max`, inclusive. Declared by a column with `min`, `max` or both; a count always
 * has the lower bound 0.
 */
const range: ContractRule = {
  kind: 'range',
  violation: 'baseline_drift_check',
  stated: (spec) => {
    if (spec.type !== 'numeric' && spec.type !== 'count') return undefined;
    const min = spec.type === 'count' ? 0 : spec.min;
    const { max } = spec;
    if (min === undefined && max === undefined) return undefined;
    return {
      bound: maxBroken(spec),
      wrong: describeRange(min, max),
      numbers: () => between(min ?? -Infinity, max ?? Infinity),
    };
  },
};

function describeRange(min: number | undefined, max: number | undefined): string {
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

/** At most `nullShare` of all rows have no value. Declared by a column with `nullShare`; `mostly` has no effect. */
const nullShare: ContractRule = {
  kind: 'null-share',
  violation: 'completeness_check',
  stated: (spec) =>
    spec.type === 'instant' || spec.nullShare === undefined
      ? undefined
      : { bound: spec.nullShare, wrong: 'are missing', numbers: () => missing, texts: 'missing' },
};

const missing: NumberScan = {
  add(values, note) {
    for (let row = 0; row < values.length; row++) {
      const value = values[row] as number;
      if (value !== value) note(row, null);
    }
  },
};

/** All rules, in the order in which a report lists them; add a new kind here. */
export const contractRules: readonly ContractRule[] = [type, nullShare, range, set, regex, unique];
