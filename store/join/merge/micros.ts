// Instants in the binary format of Postgres as numbers of microseconds since 2000, which a JavaScript number holds exactly for
// the years 1714 to 2285.

/** Microseconds from 1970 to 2000. */
export const MICROS_TO_2000 = 946_684_800_000_000;

const HALF = 2 ** 32;
const FIRST = -(2 ** 31);
const LAST = 2 ** 31 - 1;

/** Instants before this one, and after its opposite, are counted as this one. */
export const EARLIEST = -(2 ** 53);

/**
 * Reads an instant; −Infinity and Infinity for those of Postgres. An instant outside of the years 1714 to 2285 becomes the
 * nearest end of that range.
 */
export function microsAt(view: DataView, at: number): number {
  const high = view.getInt32(at);
  const low = view.getUint32(at + 4);
  if (high === FIRST && low === 0) return -Infinity;
  if (high === LAST && low === 0xffffffff) return Infinity;
  const micros = high * HALF + low;
  return micros < EARLIEST ? EARLIEST : micros > -EARLIEST ? -EARLIEST : micros;
}

/** Converts microseconds since 2000 to a literal of Postgres. @example instantText(1) // 2000-01-01T00:00:00.000001Z */
export function instantText(micros: number): string {
  if (!Number.isFinite(micros)) return micros < 0 ? '-infinity' : 'infinity';
  const seconds = Math.floor(micros / 1e6);
  const rest = micros - seconds * 1e6;
  const whole = new Date(seconds * 1_000 + MICROS_TO_2000 / 1_000).toISOString();
  return `${whole.slice(0, -5)}.${String(rest).padStart(6, '0')}Z`;
}

/** Converts an instant in ISO 8601 with any number of digits after the second, rounding as Postgres does. */
export function microsOfIso(text: string): number {
  const fraction = /\.(\d+)/.exec(text)?.[1] ?? '';
  const whole = Date.parse(text.replace(/\.\d+/, ''));
  return whole * 1_000 + Math.round(Number(`0.${fraction || '0'}`) * 1e6) - MICROS_TO_2000;
}
