// The type contract: whole numbers in a count, finite ones in any numeric column, true and false in a flag.
import { type ContractRule, mostBroken, type NumberScan } from './contract.ts';

/**
 * Every value is of the declared type. Always stated but for categories, whose values are any texts. An infinity breaks
 * this contract, and `range` does not count it again.
 */
export const type: ContractRule = {
  kind: 'type',
  violation: 'data_type_check',
  stated: (spec) => {
    const bound = mostBroken(spec);
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
