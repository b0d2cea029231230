// Checks the contracts of one column over the pieces of a window.
import { TidegateError } from '../../errors.ts';
import { type FeatureColumn, MISSING_CODE } from '../../data/frame.ts';
import { type Statement, type TextCheck } from '../../model/parts/contract.ts';
import { type RowNames, Tally } from './tally.ts';

/** What was found for one contract. */
export interface Found {
  /** Rows that were checked. */
  readonly rows: number;
  readonly violations: number;
  readonly tally: Tally;
  /** Why the contract could not be checked; absent if it was checked. */
  readonly problem?: string;
}

/** The running check of one column. */
export interface ColumnCheck {
  /** Checks the next piece; pieces come in row order. */
  add(piece: FeatureColumn, names: RowNames): void;
  /** Returns what was found for each contract, in the order given. */
  found(): Found[];
}

/** Starts the check of a numeric column against contracts. */
export function checkNumbers(statements: readonly Statement[]): ColumnCheck {
  const scans = statements.map(({ numbers }) => numbers?.());
  const tallies = statements.map(() => new Tally());
  let rows = 0;
  let missing = 0;
  return {
    add(piece, names) {
      if (piece.kind !== 'numeric') throw otherKind(piece);
      rows += piece.values.length;
      missing += countMissing(piece.values);
      scans.forEach((scan, at) => {
        const tally = tallies[at] as Tally;
        scan?.add(piece.values, (row, value) => tally.note(row, value, names));
      });
    },
    found: () =>
      tallies.map((tally, at) => ({
        rows: statements[at]?.texts === 'missing' ? rows : rows - missing,
        violations: tally.violations,
        ...scans[at]?.counted?.(),
        tally,
      })),
  };
}

function countMissing(values: Float64Array): number {
  let missing = 0;
  for (let row = 0; row < values.length; row++) {
    const value = values[row] as number;
    if (value !== value) missing++;
  }
  return missing;
}

/** How a contract is checked on a category column. */
interface Watch {
  /** Which rows violate it. */
  readonly rows: 'missing' | 'repeats' | 'broken';
  /** For `broken`, whether each value of the dictionary is valid; otherwise empty. */
  readonly isValid: readonly boolean[];
  readonly problem?: string;
}

/** Starts the check of a category column with this dictionary; each distinct value is checked only once. */
export function checkTexts(statements: readonly Statement[], dictionary: readonly string[]): ColumnCheck {
  const watches = statements.map(({ texts }) => watch(texts, dictionary));
  const tallies = statements.map(() => new Tally());
  const counts = new Float64Array(dictionary.length);
  let rows = 0;
  let missing = 0;

  /** Notes examples: the first row of an invalid value, and the second row of a value that must not repeat. */
  const noteValue = (code: number, before: number, row: number, names: RowNames): void =>
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
    if (which === 'missing') return missing;
    if (which === 'repeats') return counts.reduce((sum, count) => sum + Math.max(0, count - 1), 0);
    return counts.reduce((sum, count, code) => (isValid[code] === false ? sum + count : sum), 0);
  };

  return {
    add(piece, names) {
      if (piece.kind !== 'category' || !isSame(piece.dictionary, dictionary)) throw otherKind(piece);
      const { codes } = piece;
      rows += codes.length;
      for (let row = 0; row < codes.length; row++) {
        const code = codes[row] as number;
        if (code === MISSING_CODE) {
          missing++;
          noteMissing(row, names);
          continue;
        }
        const before = counts[code] as number;
        counts[code] = before + 1;
        if (before < 2) noteValue(code, before, row, names);
      }
    },
    found: () =>
      watches.map((watched, at) => ({
        rows: watched.rows === 'missing' ? rows : rows - missing,
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
