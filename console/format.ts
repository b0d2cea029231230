// Numbers, times and durations as pages show them.
import { fixed, formatPValue, grouped, percent, rounded } from '../domain/format-numbers.ts';
import { html, type Html, nothing } from './html.ts';

/** A value with the bounds of its interval. */
export interface Bounded {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** A whole number with thousands separated by commas. */
export const count = (value: number): string => grouped(value);

export { fixed, formatPValue, percent, rounded };

/** Formats a number with three decimals. @example three(0.76812) // '0.768' */
export const three = (value: number): string => fixed([value])[0]!;

/** Formats a difference with its sign, a minus sign and not a hyphen. @example signed(-0.021) // '−0.021' */
export const signed = (value: number, decimals = 3): string => {
  const text = Math.abs(value).toFixed(decimals);
  return Number(text) === 0 ? text : `${value < 0 ? '−' : '+'}${text}`;
};

/** Formats the ends of an interval. @example ends({ value: 0.5, low: 0.4, high: 0.6 }) // '0.400 to 0.600' */
export const ends = ({ low, high }: Bounded, format: (value: number) => string = three): string =>
  `${format(low)} to ${format(high)}`;

/** Writes a number with its noun, in the plural unless it is one. @example counted(2, 'model') // '2 models' */
export const counted = (value: number, noun: string, plural = `${noun}s`): string =>
  `${count(value)} ${value === 1 ? noun : plural}`;

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Writes a length of time in the two largest units that matter. @example lasting(532_800_000) // '6 d 4 h' */
export function lasting(milliseconds: number): string {
  const size = Math.max(0, milliseconds);
  if (size < MINUTE) return 'less than a minute';
  if (size < HOUR) return `${Math.floor(size / MINUTE)} min`;
  if (size < DAY) {
    const minutes = Math.floor((size % HOUR) / MINUTE);
    return `${Math.floor(size / HOUR)} h${minutes > 0 && size < 6 * HOUR ? ` ${minutes} min` : ''}`;
  }
  const hours = Math.floor((size % DAY) / HOUR);
  return `${Math.floor(size / DAY)} d${hours > 0 && size < 10 * DAY ? ` ${hours} h` : ''}`;
}

/** Writes an age in one unit. @example age(3_600_000_000) // '41 days' */
export function age(milliseconds: number): string {
  if (milliseconds < HOUR) return counted(Math.max(1, Math.round(milliseconds / MINUTE)), 'minute');
  if (milliseconds < 2 * DAY) return counted(Math.round(milliseconds / HOUR), 'hour');
  return counted(Math.round(milliseconds / DAY), 'day');
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** Writes a number with three decimals, for values of which smaller parts are noise. @example thousandths(-0.0001) // '0.000' */
export const thousandths = (value: number): string =>
  Math.abs(value) < 0.000_5 ? '0.000' : value.toFixed(3);

/** Writes the day of an instant in UTC. @example dayText(new Date(0)) // '1 Jan 1970' */
export const dayText = (at: Date): string =>
  `${at.getUTCDate()} ${MONTHS[at.getUTCMonth()]} ${at.getUTCFullYear()}`;

const utcText = (at: Date): string => `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`;

/**
 * An instant: in UTC as it is sent; the script shows it in the zone of the reader and keeps UTC as the title.
 *
 * @param detail `day` for a date, `minute` for date and time
 */
export function time(at: Date | null, detail: 'day' | 'minute' = 'minute'): Html {
  if (at === null) return nothing;
  const shown = detail === 'day' ? dayText(at) : `${dayText(at)}, ${at.toISOString().slice(11, 16)} UTC`;
  return html`<time datetime="${at.toISOString()}" data-local="${detail}" title="${utcText(at)}"
    >${shown}</time
  >`;
}

/** How long ago an instant was, with the instant as the title. */
export const ago = (at: Date, now: Date): Html =>
  html`<time datetime="${at.toISOString()}" title="${utcText(at)}"
    >${age(now.getTime() - at.getTime())} ago</time
  >`;

/** The first characters of a digest; the whole is its title. */
export const digest = (text: string): Html => html`<code title="${text}">${text.slice(0, 12)}</code>`;
