// Every kind of contract that a column may state.
import { type ContractRule, maxBroken, type NumberScan } from '../../model/parts/contract.ts';
import { regex } from '../../model/parts/regex.ts';
import { DistinctCounter } from './distinct-counter.ts';

/** Distinct numbers that are kept at a time: 48 MB, of which a million values need half. */
const MAX_DISTINCT = 2 ** 21;

/**
 * No value occurs twice in the window; every occurrence after the first is a violation, and missing values are none.
 * Stated where a column says `unique`.
 *
 * Exact for texts, and for numbers with up to 2,097,152 distinct values. Beyond, only values of a share of the hashes
 * are looked at, a half, a quarter and so on: each of these is counted exactly, and `rows` says how many were.
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
 * Every value is of the declared type. Always stated but for categories, whose values are any texts. An infinity breaks
 * this contract, and `range` does not count it again.
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
      // NaN, which is missing, equals nothing; ∞ − ∞ is NaN.
      if (value === value && value - Math.floor(value) !== 0) note(row, value);
    }
  },
};

const MAX_NAMED = 10;

/** Every value is one of `values`, to the letter. Stated where a category names them. */
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

/** Finite values lie between `min` and `max`, both inclusive. Stated where a numeric column says either; a count begins at 0. */
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

/** At most `nullShare` of all rows hold no value. Stated where a column says `nullShare`; `mostly` plays no part. */
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

/** In the order in which a report lists them. A new kind is added here by hand. */
export const contractRules: readonly ContractRule[] = [type, nullShare, range, set, regex, unique];
