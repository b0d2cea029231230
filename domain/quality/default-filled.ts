// Checks whether one value, such as a default, has replaced other values of a column.
import { total } from '../data/math/total.ts';
import { type ColumnReference } from '../data/profile/feature-reference.ts';
import { type NumericReference } from '../data/profile/numeric-reference.ts';
import { wilsonLower } from '../drift/statistics/two-proportion-z.ts';
import { shorten } from './tally.ts';
import { exact, percents } from '../format-numbers.ts';
import { type ColumnCheck, MIN_VALUES, type Finding } from './check-result.ts';
import { distance, noiseFloor, windowSteps } from './distance.ts';
import { type NumberSketch } from '../data/stats/number-sketch.ts';
import { ReferenceSteps, shareInReference } from './reference-steps.ts';
import { type TextCounts } from './window-facts.ts';

/** Smallest rise of a value's share, from the reference's share to the lower end of the window's 95 % interval. */
const MIN_RISE = 0.1;
/**
 * Largest rise of any other value, relative to the rise of the reported value. If several values rise, the column was
 * rounded or it drifted.
 */
const MAX_OTHER_RISE = 1 / 3;
/**
 * Largest distance between the other values of the window and those of the reference, in addition to what chance
 * explains.
 */
const MAX_OTHERS_DISTANCE = 0.15;
/**
 * Smallest odds ratio, window to reference, from which the value is reported, and from which the finding is a warning.
 */
const MIN_ODDS = 3;
const WARNING_ODDS = 10;
/** A value is rare if it has at most this share in the reference. */
const RARE = 0.01;

interface Candidate {
  readonly value: number | string;
  /** Number of rows with the value; a lower bound if the sketch does not count the value exactly. */
  readonly rows: number;
  /** Share of the value in the reference. */
  readonly was: number;
  readonly rise: number;
}

interface Side {
  readonly candidates: readonly Candidate[];
  readonly present: number;
  /** Whether the values other than the candidate are distributed as in the reference. */
  readonly othersAlike: (candidate: Candidate) => boolean;
  readonly isSuspicious: (candidate: Candidate) => boolean;
}

/**
 * Finds a value whose share rose by at least 0.1 and whose odds at least tripled, while the other values are still
 * distributed as before. Drift, which moves many values together, is not reported here. It is a warning if the odds rose
 * tenfold and the value usually means "missing" (0, −1, 999, 'unknown' and the like), lies outside the reference's
 * range, or appears in a column whose numbers hardly ever repeat. Otherwise it is information, except for a category
 * that is common in the reference: its rise is drift, and not reported here.
 */
export const defaultFilled: ColumnCheck = (column, reference) => {
  const side = sideOf(column, reference);
  if (!side || side.present < MIN_VALUES) return undefined;
  const [top, next] = side.candidates;
  if (!top || top.rise < MIN_RISE || (next && next.rise > top.rise * MAX_OTHER_RISE)) return undefined;
  const odds = oddsRatio(top, side.present);
  if (odds < MIN_ODDS || !side.othersAlike(top)) return undefined;
  const isWarning = odds >= WARNING_ODDS && side.isSuspicious(top);
  // A known category that becomes more frequent is drift, which the drift part of the report covers.
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
      return distance(before, now) <= MAX_OTHERS_DISTANCE + noiseFloor(before.size, now.size);
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
      const furthest = candidates.reduce((max, other) => {
        const share = other.value === value ? 0 : other.rows / others - other.was / (1 - was);
        return Math.max(max, Math.abs(share));
      }, 0);
      return furthest <= MAX_OTHERS_DISTANCE + noiseFloor(othersBefore, others);
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

/** Returns the odds of the value in the window (at the lower end of their interval) over those in the reference. */
function oddsRatio({ rows, was }: Candidate, present: number): number {
  const now = wilsonLower({ hits: rows, size: present });
  // A value that the reference lacks is rare, not impossible.
  const before = Math.max(was, 1e-4);
  return now / (1 - now) / (before / (1 - before));
}

/** Returns the largest share of any bin of the reference. */
const heaviestShare = ({ profile }: NumericReference): number =>
  profile.counts.reduce((max, count) => Math.max(max, count), 0) / Math.max(1, total(profile.counts));

function found(
  { name, table }: Parameters<ColumnCheck>[0],
  { value, rows, was }: Candidate,
  present: number,
  isWarning: boolean,
): Finding {
  const text = typeof value === 'number' ? exact(value) : `"${shorten(value, 60)}"`;
  const [now = '', then = ''] = percents([rows / present, was]);
  return {
    name: 'default-filled',
    column: name,
    table,
    severity: isWarning ? 'warn' : 'info',
    evidence: {
      value: typeof value === 'number' ? value : shorten(value, 60),
      rows,
      share: rows / present,
      referenceShare: was,
    },
    violation: 'baseline_drift_check',
    words:
      `${now} of its values are ${text}, up from ${then} in the reference, ` +
      'while the other values are distributed as before',
    advice: `Check whether ${text} is written when the true value is unknown; missing values should be null.`,
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

/** Whether programs often write this number for a missing value: 0, −1, nines such as −999, limits of integer types. */
export const isDefaultNumber = (value: number): boolean =>
  value === 0 || value === -1 || /^-?9{2,}(\.9+)?$/.test(String(value)) || EXTREMES.has(value);

/** Whether a text means a missing value, such as `unknown`, `N/A` or ''; ignores case and surrounding space. */
export const isDefaultText = (value: string): boolean => TEXTS.has(value.trim().toLowerCase());
