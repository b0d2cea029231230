// The contracts of one column, checked over the pieces of a window.
import { TidegateError } from '../../errors.ts';
import { type FeatureColumn, MISSING_CODE } from '../../data/frame.ts';
import { type Statement, type TextJudge } from '../../model/parts/contract.ts';
import { type RowNames, Tally } from './tally.ts';

/** What was found of one contract. */
export interface Found {
  /** Rows looked at. */
  readonly rows: number;
  readonly violations: number;
  readonly tally: Tally;
  /** Why it could not be checked; absent where it was. */
  readonly problem?: string;
}

/** A column under way; a piece at a time, in the order of the rows. */
export interface ColumnCheck {
  add(piece: FeatureColumn, names: RowNames): void;
  /** What was found of each contract, in the order given. */
  found(): Found[];
}

/** The check of a numeric column against contracts. */
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

/** What a contract makes of texts: verdicts by code, where it judges values. */
interface Watch {
  readonly rows: 'missing' | 'repeats' | 'broken';
  readonly keeps: readonly boolean[];
  readonly problem?: string;
}

/** The check of a category column with this dictionary against contracts: each distinct value is judged once. */
export function checkTexts(statements: readonly Statement[], dictionary: readonly string[]): ColumnCheck {
  const watches = statements.map(({ texts }) => watch(texts, dictionary));
  const tallies = statements.map(() => new Tally());
  const counts = new Float64Array(dictionary.length);
  let rows = 0;
  let missing = 0;

  /** Keeps examples: of a value's first row where it is broken, of its second where it repeats. */
  const meet = (code: number, before: number, row: number, names: RowNames): void =>
    watches.forEach(({ rows: which, keeps }, at) => {
      const isExample =
        which === 'broken' ? before === 0 && keeps[code] === false : which === 'repeats' && before === 1;
      if (isExample) tallies[at]?.note(row, dictionary[code] ?? '', names);
    });
  const meetMissing = (row: number, names: RowNames): void =>
    watches.forEach(({ rows: which }, at) => {
      if (which === 'missing') tallies[at]?.note(row, null, names);
    });
  const violationsOf = ({ rows: which, keeps }: Watch): number => {
    if (which === 'missing') return missing;
    if (which === 'repeats') return counts.reduce((sum, count) => sum + Math.max(0, count - 1), 0);
    return counts.reduce((sum, count, code) => (keeps[code] === false ? sum + count : sum), 0);
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
          meetMissing(row, names);
          continue;
        }
        const before = counts[code] as number;
        counts[code] = before + 1;
        if (before < 2) meet(code, before, row, names);
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
  if (texts === 'missing' || texts === 'repeats') return { rows: texts, keeps: [] };
  const verdicts = (texts as TextJudge)(dictionary);
  return 'problem' in verdicts
    ? { rows: 'broken', keeps: [], problem: verdicts.problem }
    : { rows: 'broken', keeps: verdicts };
}

const isSame = (a: readonly string[], b: readonly string[]): boolean =>
  a === b || (a.length === b.length && a.every((value, at) => value === b[at]));

const otherKind = ({ name, kind }: FeatureColumn): TidegateError =>
  new TidegateError(
    'DEFECT',
    `a piece of column ${name} is of another kind (${kind}) or dictionary than the window`,
  );
