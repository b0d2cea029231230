// Converts values of a Parquet column to text that Postgres accepts, without loss of digits.
import { type SchemaElement } from 'hyparquet';

/** Returns the text of one value; never called for null. */
export type CellText = (value: unknown) => string;

/** The parts of a column's type that determine how its values are read. */
type Element = Pick<SchemaElement, 'type' | 'converted_type' | 'logical_type' | 'scale'>;

/**
 * Returns the conversion for a column or, if its contents cannot be imported, a text that describes them. Values are
 * expected as the reader returns them with {@link rawParsers}: instants, days and decimals as whole numbers.
 *
 * @param columnType the type of the table's column, as Postgres spells it
 */
export function cellTextFor(element: Element, columnType: string | undefined): CellText | string {
  const { type, converted_type: converted, logical_type: logical } = element;
  if (logical?.type === 'DECIMAL') return decimalText(logical.scale);
  if (logical?.type === 'TIMESTAMP')
    return instantText(units[logical.unit], logical.isAdjustedToUTC, columnType);
  if (logical?.type === 'TIME') return timeText(units[logical.unit]);
  if (logical?.type === 'INTEGER') return logical.isSigned ? plainText : unsignedText(logical.bitWidth);
  const kind = logical?.type ?? converted ?? type ?? 'unknown';
  if (REFUSED.has(kind)) return `values of type ${kind}`;
  if (kind === 'DECIMAL') return decimalText(element.scale ?? 0);
  if (kind === 'TIMESTAMP_MILLIS') return instantText(units.MILLIS, true, columnType);
  if (kind === 'TIMESTAMP_MICROS') return instantText(units.MICROS, true, columnType);
  if (kind === 'INT96') return instantText(units.NANOS, true, columnType);
  const simple = Object.hasOwn(texts, kind) ? texts[kind] : undefined;
  return simple ?? (columnType === 'bytea' ? byteaText : plainText);
}

const REFUSED: ReadonlySet<string> = new Set(['BSON', 'INTERVAL', 'VARIANT', 'GEOMETRY', 'GEOGRAPHY']);

/**
 * Returns the Postgres type for a new table's column; instants always have a time zone. Undefined if the file does
 * not declare the type of its bytes.
 */
export function declaredType({
  type,
  converted_type: converted,
  logical_type: logical,
}: Element): string | undefined {
  const kind = logical?.type ?? converted ?? type ?? 'unknown';
  return Object.hasOwn(declaredTypes, kind)
    ? declaredTypes[kind]
    : kinds.find(([test]) => test.test(kind))?.[1];
}

const declaredTypes: Readonly<Record<string, string>> = {
  BOOLEAN: 'boolean',
  DATE: 'date',
  FLOAT: 'double precision',
  DOUBLE: 'double precision',
  FLOAT16: 'double precision',
  DECIMAL: 'numeric',
  // Half of its values do not fit in a bigint.
  UINT_64: 'numeric',
};

const kinds: readonly (readonly [RegExp, string])[] = [
  [/^(INTEGER|INT32|INT64|U?INT_\d+)$/, 'bigint'],
  [/^(TIMESTAMP.*|INT96)$/, 'timestamptz'],
  [/^TIME.*$/, 'time'],
  [/^(STRING|UTF8|ENUM|JSON)$/, 'text'],
];

const units = { MILLIS: 1_000n, MICROS: 1_000_000n, NANOS: 1_000_000_000n } as const;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Replaces the reader's conversions: whole numbers stay whole numbers, and invalid UTF-8 fails. */
export const rawParsers = {
  timestampFromMilliseconds: (value: bigint) => value,
  timestampFromMicroseconds: (value: bigint) => value,
  timestampFromNanoseconds: (value: bigint) => value,
  dateFromDays: (days: number) => days,
  stringFromBytes: (bytes: Uint8Array) => utf8.decode(bytes),
  jsonFromBytes: (bytes: Uint8Array) => utf8.decode(bytes),
};

const lenient = new TextDecoder('utf-8', { ignoreBOM: true });

/** Parsers for the metadata of the file, in which minimum and maximum values may be bytes or truncated text. */
export const descriptionParsers = {
  ...rawParsers,
  stringFromBytes: (bytes: Uint8Array) => lenient.decode(bytes),
  jsonFromBytes: (bytes: Uint8Array) => lenient.decode(bytes),
};

const plainText: CellText = (value) => {
  if (typeof value === 'string') return value;
  if (value instanceof Uint8Array) return utf8.decode(value);
  return Object.is(value, -0) ? '-0' : String(value);
};

const byteaText: CellText = (value) =>
  value instanceof Uint8Array ? `\\x${Buffer.from(value).toString('hex')}` : plainText(value);

const unsignedText =
  (bits: number): CellText =>
  (value) =>
    String(BigInt.asUintN(bits, BigInt(value as bigint | number)));

const decimalText =
  (scale: number): CellText =>
  (value) => {
    const whole = value instanceof Uint8Array ? signedOf(value) : BigInt(value as bigint | number);
    const digits = String(whole < 0n ? -whole : whole).padStart(scale + 1, '0');
    const point = digits.length - scale;
    const text = scale === 0 ? digits : `${digits.slice(0, point)}.${digits.slice(point)}`;
    return whole < 0n ? `-${text}` : text;
  };

/** Reads a number in two's complement, highest byte first. */
function signedOf(bytes: Uint8Array): bigint {
  if (bytes.length === 0) return 0n;
  return BigInt.asIntN(8 * bytes.length, BigInt(`0x${Buffer.from(bytes).toString('hex')}`));
}

const DAY_MS = 86_400_000;

const dateText: CellText = (value) => dayText(Number(value)) ?? `day ${String(value)}`;

/** Returns a day as Postgres reads it; undefined outside the years 0 to 9999. */
function dayText(days: number): string | undefined {
  const date = new Date(days * DAY_MS);
  const text = Number.isNaN(date.getTime()) ? '' : date.toISOString();
  return /^\d{4}-/.test(text) ? text.slice(0, 10) : undefined;
}

// pandas stores dates as instants at midnight (and writes them as dates in CSV), so these become dates in a date
// column.
const instantText =
  (unit: bigint, isUtc: boolean, columnType: string | undefined): CellText =>
  (value) => {
    const instant = BigInt(value as bigint | number);
    const perDay = 86_400n * unit;
    const ofDay = ((instant % perDay) + perDay) % perDay;
    const day = dayText(Number((instant - ofDay) / perDay));
    if (day === undefined) return `instant ${instant}`;
    if (columnType === 'date' && ofDay === 0n) return day;
    return `${day}T${clockText(ofDay, unit)}${isUtc ? 'Z' : ''}`;
  };

const timeText =
  (unit: bigint): CellText =>
  (value) =>
    clockText(BigInt(value as bigint | number), unit);

/** Returns the time of day, with three, six or nine decimals as needed. */
function clockText(ofDay: bigint, unit: bigint): string {
  const seconds = Number(ofDay / unit);
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const clock = [hours, minutes, rest].map((part) => String(part).padStart(2, '0')).join(':');
  const decimals = String(ofDay % unit).padStart(String(unit).length - 1, '0');
  const needed = decimals.replace(/(000)+$/, '');
  return needed === '' ? clock : `${clock}.${needed}`;
}

const texts: Readonly<Record<string, CellText>> = {
  DATE: dateText,
  TIME_MILLIS: timeText(units.MILLIS),
  TIME_MICROS: timeText(units.MICROS),
  UINT_8: unsignedText(8),
  UINT_16: unsignedText(16),
  UINT_32: unsignedText(32),
  UINT_64: unsignedText(64),
};
