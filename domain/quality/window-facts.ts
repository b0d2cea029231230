// What the checks need to know: the window's columns, the champion's reference, and the source tables.
import { type FeatureReference } from '../data/profile/feature-reference.ts';
import { type Repeats } from './distinct-counter.ts';
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

/** What a monitor run finds about a table of the definition. */
export interface TableFacts {
  readonly table: string;
  /** Whether it is the table of entity rows. */
  readonly isSpine: boolean;
  /** Newest timestamp up to the end of the window; null if there are no rows. */
  readonly newest: Date | null;
  /** Rows in the window's last period (one `monitor.every`), and in the period before it. */
  readonly newRows: number;
  readonly rowsBefore: number;
  /** Rows in the window, and how many of them have the same key and instants as another row. */
  readonly windowRows: number;
  readonly repeatedRows: number;
}

/** The comparison with the window of the previous report. */
export interface PreviousWindow {
  /** Columns in which every entity has exactly the same value in both windows. */
  readonly same: ReadonlySet<string>;
  /**
   * Columns in which every entity has the same value in the previous window and in the one before; null if there is no
   * window before it.
   */
  readonly sameBefore: ReadonlySet<string> | null;
  /** Rows of the previous window whose features repeat another row's; null if they were not counted. */
  readonly repeats: Repeats | null;
}

/** What the search for faults that nobody declared needs to know about a window. */
export interface WindowFacts {
  readonly rows: number;
  readonly columns: readonly ColumnFacts[];
  /** Rows whose features are the same as those of an earlier row, among all rows or a sample of them. */
  readonly repeats: Repeats;
  /** Null before the first champion. */
  readonly reference: FeatureReference | null;
  /** Whether the window was frozen with another definition than the champion's. */
  readonly definitionChanged: boolean;
  readonly tables: readonly TableFacts[];
  /** Null for a model's first window. */
  readonly previous: PreviousWindow | null;
}

/** Is called for the rows that may be examples of a violation. */
export interface TextExamples {
  /** Called for each missing value. */
  missing(row: number): void;
  /** Called for the first two rows of each value of the window; `before` is 0 for the first one and 1 for the second. */
  value(row: number, code: number, before: number): void;
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

  /** Counts codes, which are positions in the dictionary; `MISSING_CODE` stands for a missing value. */
  add(codes: Uint32Array, examples?: TextExamples): void {
    const { counts } = this;
    let missing = 0;
    for (let row = 0; row < codes.length; row++) {
      const code = codes[row] as number;
      if (code === MISSING_CODE) {
        missing++;
        examples?.missing(row);
        continue;
      }
      const before = counts[code] as number;
      counts[code] = before + 1;
      if (before < 2) examples?.value(row, code, before);
    }
    this.missing += missing;
    this.present += codes.length - missing;
  }

  /** Number of rows added so far. */
  get rows(): number {
    return this.present + this.missing;
  }
}
