// Values of features as the command line shows them.
import { type ColumnSpec } from '../../domain/model/parts/column.ts';
import { type Value } from '../../domain/model/derived/operator.ts';

/**
 * A value as JSON and requests have it: a flag as a boolean, an instant as a text. An infinity, which JSON cannot hold,
 * becomes a text.
 *
 * @example featureValue('flag', 'true') // true
 */
export function featureValue(type: ColumnSpec['type'], value: Value): Value | boolean {
  if (value === null) return null;
  if (type === 'flag') return value === 'true';
  if (typeof value === 'string') return value;
  if (!Number.isFinite(value)) return String(value);
  return type === 'instant' ? instantText(value) : value;
}

/**
 * An instant of microseconds since 1970 UTC, ISO 8601 to the microsecond where it has any.
 *
 * @example instantText(1) // '1970-01-01T00:00:00.000001Z'
 */
export function instantText(micros: number): string {
  const milliseconds = Math.floor(micros / 1_000);
  const instant = new Date(milliseconds);
  if (Number.isNaN(instant.getTime())) return `${micros} µs`;
  const rest = Math.round(micros - milliseconds * 1_000);
  const iso = instant.toISOString();
  return rest === 0 ? iso : iso.replace('Z', `${String(rest).padStart(3, '0')}Z`);
}
