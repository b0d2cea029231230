// A column in which one value has taken the place of others: a default, where there should be data.
import { total } from '../data/math/total.ts';
import { type ColumnReference } from '../data/profile/feature-reference.ts';
import { type NumericReference } from '../data/profile/numeric-reference.ts';
import { wilsonLower } from '../drift/statistics/two-proportion-z.ts';
import { cut } from './contracts/tally.ts';
import { exact, percents } from '../numbers-in-words.ts';
import { type ColumnCheck, MIN_VALUES, type Finding } from './finding.ts';
import { distance, noiseFloor, windowSteps } from './distance.ts';
import { type NumberSketch } from '../data/stats/number-sketch.ts';
import { ReferenceSteps, shareInReference } from './reference-steps.ts';
import { type TextCounts } from './window-facts.ts';

/** Least rise of a value's share, from the reference's to the lower end of the 95 % interval of the window's. */
const MIN_RISE = 0.1;
/** The rise of no other value is more than this part of it: where many rise, the column was rounded, or drifted. */
const MAX_BESIDE = 1 / 3;
/** Greatest distance of the other values from the reference's others, beside chance. */
const OTHERS_ALIKE = 0.15;
/** How often as likely the value is against the others than it was, from which it is named, and from which it is warned of. */
const MIN_ODDS = 3;
const WARNING_ODDS = 10;
/** A value of at most this share is rare; a number that is and yet has many rows was put there. */
const RARE = 0.01;

interface Candidate {
  readonly value: number | string;
  /** Rows of it, as many as are sure. */
  readonly rows: number;
  readonly was: number;
  readonly rise: number;
}

interface Side {
  readonly candidates: readonly Candidate[];
  readonly present: number;
  /** Whether the values beside the candidate are distributed as the reference's. */
  readonly othersAlike: (candidate: Candidate) => boolean;
  readonly isSuspicious: (candidate: Candidate) => boolean;
}

/**
 * One value's share rose by at least 0.1, its odds at least threefold, and all others are distributed among themselves
 * as they were. What drifts moves its values together, and is not found here. A warning where the odds rose tenfold
 * and the value is one that stands for "none" (0, −1, 999, 'unknown' and the like), lies outside of all the reference
 * saw, or is put among numbers that hardly ever repeat; information otherwise, and for a known category nothing.
 */
export const defaultFilled: ColumnCheck = (column, reference) => {
  const side = sideOf(column, reference);
  if (!side || side.present < MIN_VALUES) return undefined;
  const [top, next] = side.candidates;
  if (!top || top.rise < MIN_RISE || (next && next.rise > top.rise * MAX_BESIDE)) return undefined;
  const odds = oddsRatio(top, side.present);
  if (odds < MIN_ODDS || !side.othersAlike(top)) return undefined;
  const isWarning = odds >= WARNING_ODDS && side.isSuspicious(top);
  // A category that grows is drift; it is drift's to say.
  if (!isWarning && typeof top.value === 'string' && top.was > RARE) return undefined;
  return found(column, top, side.present, isWarning);
};

function sideOf(column: Parameters<ColumnCheck>[0], reference: ColumnReference): Side | undefined {
  if (column.kind === 'numeric' && reference.kind === 'numeric') return numbersSide(column.sketch, reference);
  if (column.kind === 'category' && reference.kind === 'category') return textsSide(column.counts, reference);
  return undefined;
}

function numbersSide(sketch: NumberSketch, reference: NumericReference): Side {
  const { finite: present, zeros } = sketch;
  const heavy = sketch.heavy.atLeast(Math.max(2, (MIN_RISE * present) / 10));
  const candidates = [{ value: 0, least: zeros }, ...heavy].map(({ value, least }) =>
    candidate(value, least, present, shareInReference(reference, value)),
  );
  const { minimum, maximum } = reference.profile;
  return {
    candidates: candidates.sort((a, b) => b.rise - a.rise),
    present,
    othersAlike: ({ value, rows }) => {
      const before = new ReferenceSteps(reference, value as number);
      const now = windowSteps(sketch, { value: value as number, rows });
      if (before.size === 0 || now.size === 0) return true;
      return distance(before, now) <= OTHERS_ALIKE + noiseFloor(before.size, now.size);
    },
    isSuspicious: ({ value }) =>
      isDefaultNumber(value as number) ||
      (value as number) < minimum ||
      (value as number) > maximum ||
      heaviestShare(reference) <= RARE,
  };
}

function textsSide(counts: TextCounts, reference: Extract<ColumnReference, { kind: 'category' }>): Side {
  const { present, dictionary } = counts;
  const before = total(reference.counts) + reference.other;
  const shares = new Map(
    reference.values.map((value, at) => [value, (reference.counts[at] as number) / before]),
  );
  const candidates = dictionary.map((value, code) =>
    candidate(value, counts.counts[code] as number, present, shares.get(value) ?? 0),
  );
  return {
    candidates: candidates.sort((a, b) => b.rise - a.rise),
    present,
    othersAlike: ({ value, rows, was }) => {
      const [others, othersBefore] = [present - rows, (1 - was) * before];
      if (others === 0 || othersBefore < 1) return true;
      const furthest = candidates.reduce((most, other) => {
        const share = other.value === value ? 0 : other.rows / others - other.was / (1 - was);
        return Math.max(most, Math.abs(share));
      }, 0);
      return furthest <= OTHERS_ALIKE + noiseFloor(othersBefore, others);
    },
    isSuspicious: ({ value }) => isDefaultText(value as string),
  };
}

const candidate = (value: number | string, rows: number, present: number, was: number): Candidate => ({
  value,
  rows,
  was,
  rise: (present === 0 ? 0 : wilsonLower({ hits: rows, size: present })) - was,
});

/** The odds of the value in the window, at the lower end of their interval, over those in the reference. */
function oddsRatio({ rows, was }: Candidate, present: number): number {
  const now = wilsonLower({ hits: rows, size: present });
  // A value that the reference lacks is rare, not impossible.
  const before = Math.max(was, 1e-4);
  return now / (1 - now) / (before / (1 - before));
}

/** The share of the value, or bin of values, that has most rows. */
const heaviestShare = ({ profile }: NumericReference): number =>
  profile.counts.reduce((most, count) => Math.max(most, count), 0) / Math.max(1, total(profile.counts));

function found(
  { name, table }: Parameters<ColumnCheck>[0],
  { value, rows, was }: Candidate,
  present: number,
  isWarning: boolean,
): Finding {
  const text = typeof value === 'number' ? exact(value) : `"${cut(value, 60)}"`;
  const [now = '', then = ''] = percents([rows / present, was]);
  return {
    name: 'default-filled',
    column: name,
    table,
    severity: isWarning ? 'warn' : 'info',
    evidence: {
      value: typeof value === 'number' ? value : cut(value, 60),
      rows,
      share: rows / present,
      referenceShare: was,
    },
    violation: 'baseline_drift_check',
    words:
      `${now} of its values are ${text}, in the reference ${then}, ` +
      'and the others are distributed as before',
    advice: `Look whether ${text} is written where the true value is not known; missing values should be null.`,
  };
}

const EXTREMES = new Set([
  2 ** 31 - 1,
  -(2 ** 31),
  2 ** 32 - 1,
  2 ** 15 - 1,
  -(2 ** 15),
  2 ** 16 - 1,
  2 ** 53 - 1,
]);

const TEXTS = new Set([
  ...[
    '',
    '-',
    '--',
    '?',
    '.',
    '0',
    '-1',
    'n/a',
    'na',
    '#n/a',
    'nan',
    'null',
    '(null)',
    '\\n',
    'nil',
    'none',
    'undefined',
  ],
  ...[
    'unknown',
    'unk',
    'other',
    'others',
    'missing',
    'default',
    'not set',
    'not available',
    'not applicable',
    'empty',
  ],
  ...['tbd', 'todo', 'test', 'xxx', 'no value', 'unspecified', 'invalid'],
]);

/** Whether programs write the number for "none": 0, −1, nines such as −999, and the ends of whole number types. */
export const isDefaultNumber = (value: number): boolean =>
  value === 0 || value === -1 || /^-?9{2,}(\.9+)?$/.test(String(value)) || EXTREMES.has(value);

/** Whether a text says "none", such as `unknown`, `N/A` or nothing at all; case and space around it do not matter. */
export const isDefaultText = (value: string): boolean => TEXTS.has(value.trim().toLowerCase());
