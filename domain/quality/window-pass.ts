// Counts a window that arrives in pieces, with memory that does not grow with the number of rows: one pass for the
// contracts of the definition and for the search for other faults.
import { type FeatureColumn } from '../data/frame.ts';
import { NumberSketch } from '../data/stats/number-sketch.ts';
import { type Feature, featuresOf } from '../model/define-model.ts';
import { type ModelDefinition } from '../model/definition.ts';
import { isNumeric } from '../model/parts/column.ts';
import { type ContractRule, type MatchTexts, type Statement } from '../model/parts/contract.ts';
import { matchTexts } from '../model/parts/regex.ts';
import { contractRules } from './contract-rules.ts';
import { type ColumnCounter, type ContractCount, countColumn } from './count-column.ts';
import { DistinctCounter, type Repeats } from './distinct-counter.ts';
import { type RowNames } from './tally.ts';
import { type ColumnFacts, TextCounts } from './window-facts.ts';

/** The description of a column of the frozen rows. */
export interface FrozenColumn {
  readonly name: string;
  readonly kind: 'numeric' | 'category';
  /** Values of a category column; the codes in every piece are indices into this list. */
  readonly dictionary?: readonly string[];
}

/** A contract that a column declares, and its kind. */
export interface Stated extends Statement {
  readonly rule: ContractRule;
}

/** The contracts of a column of the definition, and what was counted for them. */
export interface DeclaredColumn {
  readonly feature: Feature;
  /** Null for a derived column. */
  readonly table: string | null;
  /** The kind of the column in the frozen rows; undefined if they have no such column. */
  readonly frozenAs: FrozenColumn['kind'] | undefined;
  /** Null if the frozen rows have no such column of the right kind, so that no contract of it can be checked. */
  readonly contracts: readonly { readonly stated: Stated; readonly count: ContractCount }[] | null;
}

/**
 * A 52-bit hash per row of a piece, into which each column is mixed. Among a million distinct rows, two have the same
 * hash by chance in about one of ten thousand windows.
 */
class RowHashes {
  readonly #high: Uint32Array;
  readonly #low: Uint32Array;

  constructor(rows: number) {
    this.#high = new Uint32Array(rows);
    this.#low = new Uint32Array(rows);
  }

  /** Mixes in a column's values, in row order; −0 and 0 count as different values. */
  add(column: FeatureColumn): void {
    const [high, low] = [this.#high, this.#low];
    if (column.kind === 'category') {
      for (let row = 0; row < high.length; row++) mix(high, low, row, column.codes[row] as number, 0);
      return;
    }
    const { buffer, byteOffset } = column.values;
    const halves = new Uint32Array(buffer, byteOffset, 2 * high.length);
    for (let row = 0; row < high.length; row++) {
      mix(high, low, row, halves[2 * row] as number, halves[2 * row + 1] as number);
    }
  }

  /** Returns the hash of a row: a whole number below 2^52. */
  at(row: number): number {
    return (this.#high[row] as number) * 2 ** 20 + ((this.#low[row] as number) >>> 12);
  }
}

/**
 * Mixes the two halves of a value into a row's hash. Small whole numbers differ only in the upper bits of a double, and
 * multiplication moves bits upwards; each step therefore moves them back down, so that columns do not cancel out.
 */
function mix(high: Uint32Array, low: Uint32Array, row: number, first: number, second: number): void {
  const a = Math.imul((high[row] as number) ^ second ^ ((first << 13) | (first >>> 19)), 0x85eb_ca6b);
  high[row] = (a ^ (a >>> 15)) + 0x3c6e_f372;
  const b = Math.imul((low[row] as number) ^ first ^ ((second << 17) | (second >>> 15)), 0xc2b2_ae35);
  low[row] = (b ^ (b >>> 13)) + 0x9e37_79b9;
}

/** Maximum number of distinct row hashes that are kept at a time. */
const MAX_DISTINCT_ROWS = 2 ** 18;

interface PassingColumn {
  readonly counter: ColumnCounter;
  readonly stated: readonly Stated[];
}

/**
 * Counts the columns of a window, the rows that break the contracts of the definition, and identical rows. Keeps in
 * memory only counts, at most five examples per contract, and a table of the distinct numbers of each `unique` column.
 *
 * @example
 * const pass = new WindowPass(definition, dataset.columns);
 * pass.startPiece(values.length, names);
 * pass.addColumn({ kind: 'numeric', name: 'hours', values });
 * pass.endPiece();
 * judgeContracts(pass).filter(({ held }) => !held);
 */
export class WindowPass {
  /** Rows of all pieces that were ended. */
  rows = 0;
  /** The columns of the frozen rows, in their order. */
  readonly columns: readonly ColumnFacts[];
  readonly #definition: ModelDefinition;
  readonly #frozen: ReadonlyMap<string, FrozenColumn>;
  readonly #byName: ReadonlyMap<string, PassingColumn>;
  readonly #distinct = new DistinctCounter(MAX_DISTINCT_ROWS);
  #hashes = new RowHashes(0);
  #piece = 0;
  #names: RowNames = { key: () => '', time: () => 0n };

  /** @param match matches texts with a regular expression. @default without a time limit */
  constructor(definition: ModelDefinition, frozen: readonly FrozenColumn[], match: MatchTexts = matchTexts) {
    this.#definition = definition;
    this.#frozen = new Map(frozen.map((column) => [column.name, column]));
    const features = new Map(featuresOf(definition).map((feature) => [feature.name, feature]));
    const passing = frozen.map((column): PassingColumn => {
      const feature = features.get(column.name);
      const stated = feature && isUsable(feature, column) ? statedBy(feature, match) : [];
      return { stated, counter: countColumn(startFacts(column, tableOf(definition, feature)), stated) };
    });
    this.columns = passing.map(({ counter }) => counter.facts);
    this.#byName = new Map(passing.map((column) => [column.counter.facts.name, column]));
  }

  /**
   * Starts the next piece; add the columns of the piece afterwards, one by one.
   *
   * @param names is used while the columns of this piece are added
   */
  startPiece(rows: number, names: RowNames): void {
    this.#piece = rows;
    this.#names = names;
    this.#hashes = new RowHashes(rows);
  }

  /**
   * Adds a column of the piece.
   *
   * @throws TidegateError DEFECT if it has another kind or another dictionary than the window
   */
  addColumn(column: FeatureColumn): void {
    this.#byName.get(column.name)?.counter.add(column, this.#names);
    this.#hashes.add(column);
  }

  /** Ends the piece after all its columns were added. */
  endPiece(): void {
    this.rows += this.#piece;
    for (let row = 0; row < this.#piece; row++) this.#distinct.add(this.#hashes.at(row));
    this.#piece = 0;
  }

  /** What was counted for the contracts of every column of the definition, in its order. */
  get declared(): DeclaredColumn[] {
    return featuresOf(this.#definition).map((feature) => {
      const frozen = this.#frozen.get(feature.name);
      const passing = this.#byName.get(feature.name);
      const counts = passing?.counter.contracts() ?? [];
      return {
        feature,
        table: tableOf(this.#definition, feature),
        frozenAs: frozen?.kind,
        contracts:
          frozen && passing && isUsable(feature, frozen)
            ? passing.stated.map((stated, at) => ({ stated, count: counts[at] as ContractCount }))
            : null,
      };
    });
  }

  /**
   * How many rows were counted, and how many of them repeat the features of another row; exact up to 262,144 distinct
   * rows, beyond that for a sample of them.
   */
  get repeats(): Repeats {
    return this.#distinct.counted();
  }
}

const startFacts = ({ name, kind, dictionary = [] }: FrozenColumn, table: string | null): ColumnFacts =>
  kind === 'numeric'
    ? { kind, name, table, sketch: new NumberSketch() }
    : { kind, name, table, counts: new TextCounts(dictionary) };

const isUsable = ({ spec }: Feature, { kind }: FrozenColumn): boolean =>
  kind === (isNumeric(spec) ? 'numeric' : 'category');

const statedBy = ({ spec }: Feature, match: MatchTexts): Stated[] =>
  contractRules.flatMap((rule): Stated[] => {
    const statement = rule.stated(spec, match);
    return statement ? [{ ...statement, rule }] : [];
  });

/** Returns the table of a feature; null for a derived column and for a column that the definition does not have. */
const tableOf = ({ features }: ModelDefinition, feature: Feature | undefined): string | null =>
  feature === undefined || feature.view === null ? null : (features[feature.view]?.table ?? null);
