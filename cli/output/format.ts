// Numbers, instants and intervals as the command line shows them.
import { type Interval, intervalInWords } from '../../domain/lifecycle/interval.ts';

/** An instant to the minute, in UTC. @example minute(new Date(0)) // '1970-01-01 00:00' */
export const minute = (instant: Date): string => instant.toISOString().slice(0, 16).replace('T', ' ');

/** An as-of instant: the day alone where it is midnight UTC. @example day(new Date('2024-02-29')) // '2024-02-29' */
export function day(instant: Date): string {
  const text = minute(instant);
  return text.endsWith(' 00:00') ? text.slice(0, 10) : text;
}

/** A value with three decimals; null where there is none. @example three(0.6216) // '0.622' */
export const three = (value: number | null | undefined): string | null =>
  value === null || value === undefined ? null : value.toFixed(3);

/** "0.622 (0.580 to 0.664)"; null where nothing was measured. */
export const interval = (measured: Interval | null | undefined): string | null =>
  measured ? intervalInWords(measured) : null;

/** A p-value with two digits, tiny ones as a bound. @example pValue(3e-9) // '<0.0001' */
export function pValue(p: number | null | undefined): string | null {
  if (p === null || p === undefined) return null;
  return p < 1e-4 ? '<0.0001' : String(Number(p.toPrecision(2)));
}

/** Three significant digits; of large numbers all before the point. @example short(0.20649) // '0.206' */
export function short(value: number | null | undefined): string | null {
  if (value === null || value === undefined) return null;
  return String(Math.abs(value) < 100 ? Number(value.toPrecision(3)) : Math.round(value));
}
