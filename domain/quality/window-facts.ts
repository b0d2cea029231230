// What the checks look at: the window's columns, the champion's reference, and the tables behind them.
import { type FeatureReference } from '../data/profile/feature-reference.ts';
import { type Repeats } from './contracts/distinct-counter.ts';
import { type NumberSketch } from '../data/stats/number-sketch.ts';
import { MISSING_CODE } from '../data/frame.ts';

/** A numeric column of the window. */
export interface NumberFacts {
  readonly kind: 'numeric';
  readonly name: string;
  /** Null for a derived column. */
  readonly table: string | null;
  readonly sketch: NumberSketch;
}

/** A category column of the window. */
export interface TextFacts {
  readonly kind: 'category';
  readonly name: string;
  readonly table: string | null;
  readonly counts: TextCounts;
}

/** A column of the window. */
export type ColumnFacts = NumberFacts | TextFacts;

/** A table of the definition, between one run of the monitor and the next. */
export interface TableFacts {
  readonly table: string;
  /** Whether it is the spine. */
  readonly isSpine: boolean;
  /** Newest timestamp by the end of the window; null where there is none. */
  readonly newest: Date | null;
  /** Rows of the window's last period, `monitor.every`, and of the period before it. */
  readonly newRows: number;
  readonly rowsBefore: number;
  /** Rows of the window, and those of them that repeat the key and instants of another. */
  readonly windowRows: number;
  readonly repeatedRows: number;
}

/** The window against the one that the report before it spoke about. */
export interface PreviousWindow {
  /** Columns of which every value of every entity is the same to the bit. */
  readonly same: ReadonlySet<string>;
  /** Likewise between that window and the one before it; null where there is none. */
  readonly sameBefore: ReadonlySet<string> | null;
  /** Rows of that window whose features repeat another row's; null where that was not counted. */
  readonly repeats: Repeats | null;
}

/** All that is known of a window. */
export interface WindowFacts {
  readonly rows: number;
  readonly columns: readonly ColumnFacts[];
  /** Rows whose features are those of an earlier row, among all or a sample of them. */
  readonly repeats: Repeats;
  /** Null before the first champion. */
  readonly reference: FeatureReference | null;
  /** Whether the window was frozen by another definition than the champion was trained by. */
  readonly definitionChanged: boolean;
  readonly tables: readonly TableFacts[];
  /** Null for a model's first window. */
  readonly previous: PreviousWindow | null;
}

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
