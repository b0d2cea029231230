// Reads an instant of a request.
import { z } from 'zod';

const iso = z.union([z.iso.date(), z.iso.datetime({ offset: true })]);

/**
 * Microseconds since 1970 UTC of an ISO 8601 text: a day, which is midnight UTC, or an instant with its offset and at
 * most six decimals of a second. `undefined` where the value is neither.
 *
 * @example readInstant('2024-02-29T06:00:00.000001Z') // 1709186400000001
 */
export function readInstant(value: unknown): number | undefined {
  const parsed = iso.safeParse(value);
  if (!parsed.success) return undefined;
  const [, decimals = ''] = /\.(\d+)/.exec(parsed.data) ?? [];
  if (decimals.length > 6) return undefined;
  const seconds = Date.parse(parsed.data.replace(`.${decimals}`, ''));
  return Number.isNaN(seconds) ? undefined : seconds * 1_000 + Number(decimals.padEnd(6, '0'));
}
