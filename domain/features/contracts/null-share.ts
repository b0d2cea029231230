// The null-share contract: how many values may be missing.
import { type ContractRule, type NumberScan } from './contract.ts';

/** At most `nullShare` of all rows hold no value. Stated where a column says `nullShare`; `mostly` plays no part. */
export const nullShare: ContractRule = {
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
