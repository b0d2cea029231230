// The unique contract: no value twice in a window.
import { DistinctCounter } from './distinct-counter.ts';
import { type ContractRule, mostBroken, type NumberScan } from './contract.ts';

/** Distinct numbers that are kept at a time: 48 MB, of which a million values need half. */
const MOST_DISTINCT = 2 ** 21;

/**
 * No value occurs twice in the window; every occurrence after the first is a violation, and missing values are none.
 * Stated where a column says `unique`.
 *
 * Exact for texts, and for numbers with up to 2,097,152 distinct values. Beyond, only values of a share of the hashes
 * are looked at, a half, a quarter and so on: each of these is counted exactly, and `rows` says how many were.
 */
export const unique: ContractRule = {
  kind: 'unique',
  violation: null,
  stated: (spec) =>
    spec.type === 'instant' || !spec.unique
      ? undefined
      : {
          bound: mostBroken(spec),
          wrong: 'repeat a value of another row',
          numbers: repeats,
          texts: 'repeats',
        },
};

const repeats = (): NumberScan => {
  const seen = new DistinctCounter(MOST_DISTINCT);
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
