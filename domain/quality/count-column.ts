// Counts one column of a window, piece by piece: its values, and the rows that break each of its contracts.
import { TidegateError } from '../errors.ts';
import { type FeatureColumn } from '../data/frame.ts';
import { type Statement, type TextCheck } from '../model/parts/contract.ts';
import { type RowNames, Tally } from './tally.ts';
import { type ColumnFacts, type NumberFacts, type TextFacts } from './window-facts.ts';

/** What was counted for one contract. */
export interface ContractCount {
  /** Rows that were checked. */
  readonly rows: number;
  readonly violations: number;
  readonly tally: Tally;
  /** Why the contract could not be checked; absent if it was checked. */
  readonly problem?: string;
}

/** The running counts of one column. */
export interface ColumnCounter {
  /** The values counted so far. */
  readonly facts: ColumnFacts;
  /**
   * Counts the next piece; pieces come in row order.
   *
   * @throws TidegateError DEFECT if the piece has another kind or another dictionary than the window
   */
  add(piece: FeatureColumn, names: RowNames): void;
  /** Returns what was counted for each contract, in the order given. */
  contracts(): ContractCount[];
}

/** Starts the counts of a column. @param statements its contracts; empty if it has none */
export const countColumn = (facts: ColumnFacts, statements: readonly Statement[]): ColumnCounter =>
  facts.kind === 'numeric' ? countNumbers(facts, statements) : countTexts(facts, statements);

function countNumbers(facts: NumberFacts, statements: readonly Statement[]): ColumnCounter {
  const { sketch } = facts;
  const scans = statements.map(({ numbers }) => numbers?.());
  const tallies = statements.map(() => new Tally());
  return {
    facts,
    add(piece, names) {
      if (piece.kind !== 'numeric') throw otherKind(piece);
      sketch.add(piece.values);
      scans.forEach((scan, at) => {
        const tally = tallies[at] as Tally;
        scan?.add(piece.values, (row, value) => tally.note(row, value, names));
      });
    },
    contracts: () =>
      tallies.map((tally, at) => ({
        rows: statements[at]?.texts === 'missing' ? sketch.rows : sketch.rows - sketch.missing,
        violations: tally.violations,
        ...scans[at]?.counted?.(),
        tally,
      })),
  };
}

/** How a contract is checked on a category column. */
interface Watch {
  /** Which rows violate it. */
  readonly rows: 'missing' | 'repeats' | 'broken';
  /** For `broken`, whether each value of the dictionary is valid; otherwise empty. */
  readonly isValid: readonly boolean[];
  readonly problem?: string;
}

/** Each distinct value is checked only once. */
function countTexts(facts: TextFacts, statements: readonly Statement[]): ColumnCounter {
  const { counts } = facts;
  const { dictionary } = counts;
  const watches = statements.map(({ texts }) => watch(texts, dictionary));
  const tallies = statements.map(() => new Tally());

  /** Notes examples: the first row of an invalid value, and the second row of a value that must not repeat. */
  const noteValue = (row: number, code: number, before: number, names: RowNames): void =>
    watches.forEach(({ rows: which, isValid }, at) => {
      const isExample =
        which === 'broken' ? before === 0 && isValid[code] === false : which === 'repeats' && before === 1;
      if (isExample) tallies[at]?.note(row, dictionary[code] ?? '', names);
    });
  const noteMissing = (row: number, names: RowNames): void =>
    watches.forEach(({ rows: which }, at) => {
      if (which === 'missing') tallies[at]?.note(row, null, names);
    });
  const violationsOf = ({ rows: which, isValid }: Watch): number => {
    if (which === 'missing') return counts.missing;
    if (which === 'repeats') return counts.counts.reduce((sum, count) => sum + Math.max(0, count - 1), 0);
    return counts.counts.reduce((sum, count, code) => (isValid[code] === false ? sum + count : sum), 0);
  };

  return {
    facts,
    add(piece, names) {
      if (piece.kind !== 'category' || !isSame(piece.dictionary, dictionary)) throw otherKind(piece);
      if (watches.length === 0) counts.add(piece.codes);
      else {
        counts.add(piece.codes, {
          missing: (row) => noteMissing(row, names),
          value: (row, code, before) => noteValue(row, code, before, names),
        });
      }
    },
    contracts: () =>
      watches.map((watched, at) => ({
        rows: watched.rows === 'missing' ? counts.rows : counts.present,
        violations: violationsOf(watched),
        tally: tallies[at] as Tally,
        ...(watched.problem !== undefined && { problem: watched.problem }),
      })),
  };
}

function watch(texts: Statement['texts'], dictionary: readonly string[]): Watch {
  if (texts === 'missing' || texts === 'repeats') return { rows: texts, isValid: [] };
  const verdicts = (texts as TextCheck)(dictionary);
  return 'problem' in verdicts
    ? { rows: 'broken', isValid: [], problem: verdicts.problem }
    : { rows: 'broken', isValid: verdicts };
}

const isSame = (a: readonly string[], b: readonly string[]): boolean =>
  a === b || (a.length === b.length && a.every((value, at) => value === b[at]));

const otherKind = ({ name, kind }: FeatureColumn): TidegateError =>
  new TidegateError(
    'DEFECT',
    `a piece of column ${name} has another kind (${kind}) or another dictionary than the window`,
  );
