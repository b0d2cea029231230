// Suggests the lag of a view from the delay with which its rows became known.

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const MAX_MINUTES = 60;
const MAX_HOURS = 48;

/**
 * Returns the smallest lag in whole minutes, hours or days that covers a delay: minutes up to 60, hours up to 48.
 *
 * @param seconds the delay to cover; a negative delay needs no lag
 * @example suggestLag(21_480) // '6 hours'
 */
export function suggestLag(seconds: number): string {
  if (!(seconds > 0)) return '0 hours';
  if (seconds <= MAX_MINUTES * MINUTE) return inUnit(Math.ceil(seconds / MINUTE), 'minute');
  if (seconds <= MAX_HOURS * HOUR) return inUnit(Math.ceil(seconds / HOUR), 'hour');
  return inUnit(Math.ceil(seconds / DAY), 'day');
}

const inUnit = (amount: number, unit: string): string => `${amount} ${unit}${amount === 1 ? '' : 's'}`;
