// Formats numbers, instants and intervals for the command line.
import { apart, fixed, formatPValue, rounded } from '../../domain/format-numbers.ts';
import { type Interval, formatInterval } from '../../domain/data/math/interval.ts';

/** Formats an instant to the minute, in UTC. @example minute(new Date(0)) // '1970-01-01 00:00' */
export const minute = (instant: Date): string => instant.toISOString().slice(0, 16).replace('T', ' ');

/** Formats an as-of instant; only the day if it is midnight UTC. @example day(new Date('2024-02-29')) // '2024-02-29' */
export function day(instant: Date): string {
  const text = minute(instant);
  return text.endsWith(' 00:00') ? text.slice(0, 10) : text;
}

/**
 * Formats a value with three decimals, with more if it would round to 0; null for a missing value.
 *
 * @example three(0.6216) // '0.622'
 */
export const three = (value: number | null | undefined): string | null =>
  value === null || value === undefined ? null : (fixed([value])[0] ?? null);

/**
 * Formats a value with its interval: "0.622 (0.580 to 0.664)". Null if nothing was measured.
 *
 * @param bounds numbers that the value is compared with; it gets as many digits as it needs to differ from them
 */
export const interval = (
  measured: Interval | null | undefined,
  ...bounds: readonly number[]
): string | null => (measured ? formatInterval(measured, ...bounds) : null);

/** Formats a p-value like `formatPValue`; null if it is missing. */
export const pValue = (p: number | null | undefined, bound?: number): string | null =>
  p === null || p === undefined ? null : formatPValue(p, bound);

/** Formats a number to three significant digits like `rounded`; null if it is missing. @example short(0.20649) // '0.206' */
export const short = (value: number | null | undefined): string | null =>
  value === null || value === undefined ? null : rounded(value);

/** Formats numbers that are compared with each other, with enough digits to tell them apart; null for a missing one. */
export function formatApart(values: readonly (number | null | undefined)[]): (string | null)[] {
  const known = values.filter((value) => value !== null && value !== undefined);
  const texts = apart(known);
  return values.map((value) =>
    value === null || value === undefined ? null : (texts[known.indexOf(value)] ?? null),
  );
}

const BLOCKS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const;

const EMPTY = '·';

/**
 * Draws one block per share, with a height relative to `greatest`. Only a share of 0 is a dot, so that a small share is
 * visible.
 *
 * @param greatest the share of a full block; use the same one for histograms that are compared
 * @example sparkline([0, 0.1, 0.4], 0.4) // '·▂█'
 */
export function sparkline(shares: readonly number[], greatest: number): string {
  return shares
    .map((share) => {
      if (share <= 0 || greatest <= 0) return EMPTY;
      const level = Math.ceil((share / greatest) * BLOCKS.length) - 1;
      return BLOCKS[Math.max(0, Math.min(BLOCKS.length - 1, level))];
    })
    .join('');
}
