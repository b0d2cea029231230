// A category column of a window: how often each value occurs.
import { MISSING_CODE } from '../features/frame.ts';

/** Counts of the values of a dictionary. */
export class TextCounts {
  missing = 0;
  present = 0;
  readonly dictionary: readonly string[];
  readonly counts: Float64Array;

  constructor(dictionary: readonly string[]) {
    this.dictionary = dictionary;
    this.counts = new Float64Array(dictionary.length);
  }

  /** Counts codes into the dictionary; `MISSING_CODE` is missing. */
  add(codes: Uint32Array): void {
    const { counts } = this;
    let missing = 0;
    for (let row = 0; row < codes.length; row++) {
      const code = codes[row] as number;
      if (code === MISSING_CODE) missing++;
      else counts[code]!++;
    }
    this.missing += missing;
    this.present += codes.length - missing;
  }

  /** Rows that were added. */
  get rows(): number {
    return this.present + this.missing;
  }
}
