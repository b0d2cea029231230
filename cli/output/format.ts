// Numbers, instants and intervals as the command line shows them.
import { apart, fixed, formatPValue, rounded } from '../../domain/format-numbers.ts';
import { type Interval, formatInterval } from '../../domain/data/math/interval.ts';

/** An instant to the minute, in UTC. @example minute(new Date(0)) // '1970-01-01 00:00' */
export const minute = (instant: Date): string => instant.toISOString().slice(0, 16).replace('T', ' ');

/** An as-of instant: the day alone where it is midnight UTC. @example day(new Date('2024-02-29')) // '2024-02-29' */
export function day(instant: Date): string {
  const text = minute(instant);
  return text.endsWith(' 00:00') ? text.slice(0, 10) : text;
}

/** A value with three decimals, more only if it would read 0; null if there is none. @example three(0.6216) // '0.622' */
export const three = (value: number | null | undefined): string | null =>
  value === null || value === undefined ? null : (fixed([value])[0] ?? null);

/** "0.622 (0.580 to 0.664)", told apart from its bounds; null if nothing was measured. */
export const interval = (
  measured: Interval | null | undefined,
  ...bounds: readonly number[]
): string | null => (measured ? formatInterval(measured, ...bounds) : null);

/** A p-value as `formatPValue` shows it; null if there is none. */
export const pValue = (p: number | null | undefined, bound?: number): string | null =>
  p === null || p === undefined ? null : formatPValue(p, bound);

/** A number to three significant digits as `rounded` shows it; null if there is none. @example short(0.20649) // '0.206' */
export const short = (value: number | null | undefined): string | null =>
  value === null || value === undefined ? null : rounded(value);

/** Numbers that are read beside each other, as `apart` shows them; null for one that is not there. */
export function told(values: readonly (number | null | undefined)[]): (string | null)[] {
  const known = values.filter((value) => value !== null && value !== undefined);
  const texts = apart(known);
  return values.map((value) =>
    value === null || value === undefined ? null : (texts[known.indexOf(value)] ?? null),
  );
}

const BLOCKS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const;

const EMPTY = '·';

/**
 * One block for each share, tall as a part of `greatest`; nothing but emptiness is a dot, so that few are told from none.
 *
 * @param greatest what a full block stands for, the same for two histograms that are compared
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
