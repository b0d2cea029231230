// Checks whether the text of a cell is a valid value of a column's Postgres type.

/**
 * Returns what is wrong with a cell's text, as the end of a sentence that begins with the text; undefined if it is
 * valid.
 */
export type CellCheck = (text: string) => string | undefined;

/**
 * Returns the check for a type as Postgres' `format_type` spells it. It accepts no text that Postgres would refuse,
 * and it also refuses texts that Postgres would have to guess (`yesterday`, `13/1/2024`, ` 7`) and numbers that
 * cannot be a feature (`NaN`, `infinity`). For an unknown type it leaves the decision to Postgres.
 *
 * @param labels labels of an enumerated type
 * @example cellCheckFor('date')('2024-13-01') // 'is not a date (YYYY-MM-DD)'
 */
export function cellCheckFor(type: string, labels?: readonly string[]): CellCheck {
  if (labels) return oneOf(labels);
  const [, precision, scale = '0'] = /^numeric\((\d+)(?:,(-?\d+))?\)$/.exec(type) ?? [];
  if (precision !== undefined) return numericOf(Number(precision), Number(scale));
  const length = /^character(?: varying)?\((\d+)\)$/.exec(type)?.[1];
  if (length !== undefined) return textOfAtMost(Number(length));
  if (type.startsWith('timestamp')) return instant(type.endsWith('with time zone') ? 'aware' : 'utc');
  return checks[type] ?? text;
}

/**
 * Returns the check for the time of a row: a date or an instant as in {@link cellCheckFor}, but not infinity.
 *
 * @param type type of the table's column, a date or timestamp
 * @param latest the latest accepted time. @default any time
 */
export function rowTimeCheckFor(type: string, latest: Date | undefined): CellCheck {
  const check = cellCheckFor(type);
  return (value) => {
    if (isInfinite(value)) return 'cannot be the time of a row';
    const problem = check(value);
    if (problem !== undefined || latest === undefined) return problem;
    return instantOf(value) > latest.getTime() ? 'is in the future; --future accepts it' : undefined;
  };
}

const text: CellCheck = (value) => (value.includes('\0') ? 'contains a zero byte' : undefined);

const textOfAtMost =
  (length: number): CellCheck =>
  (value) =>
    text(value) ?? ([...value].length > length ? `is longer than ${length} characters` : undefined);

const WHOLE = /^[+-]?\d+$/;

const whole =
  (bits: 16 | 32): CellCheck =>
  (value) => {
    if (!WHOLE.test(value)) return 'is not a whole number';
    const number = Number(value);
    return number < -(2 ** (bits - 1)) || number >= 2 ** (bits - 1) ? `does not fit ${bits} bits` : undefined;
  };

const bigint: CellCheck = (value) => {
  if (!WHOLE.test(value)) return 'is not a whole number';
  return BigInt.asIntN(64, BigInt(value.replace('+', ''))) === BigInt(value.replace('+', ''))
    ? undefined
    : 'does not fit 64 bits';
};

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

/** `round` returns the nearest number that the type can represent. */
const decimal =
  (round: (value: number) => number): CellCheck =>
  (value) => {
    if (!DECIMAL.test(value)) return 'is not a number';
    const number = round(Number(value));
    if (!Number.isFinite(number)) return 'is too large';
    return number === 0 && /^[^eE]*[1-9]/.test(value) ? 'is too close to zero' : undefined;
  };

const PARTS = /^[+-]?(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/;
// Limits of a numeric without precision.
const MAX_WHOLE_DIGITS = 131_072;
const MAX_DECIMALS = 16_383;

/**
 * The significant digits of a decimal text, and how many of them are before the point (below 0: the number of zeros
 * directly after it).
 */
function digitsOf(value: string): {
  readonly digits: string;
  readonly whole: number;
  readonly decimals: number;
} {
  const [, before = '', after = '', exponent = '0'] = PARTS.exec(value) ?? [];
  const all = before + after;
  const digits = all.replace(/^0+/, '');
  const whole = before.length + Number(exponent) - (all.length - digits.length);
  return { digits, whole, decimals: after.length - Number(exponent) };
}

const numeric: CellCheck = (value) => {
  if (!DECIMAL.test(value)) return 'is not a number';
  const { whole, decimals } = digitsOf(value);
  return whole > MAX_WHOLE_DIGITS || decimals > MAX_DECIMALS ? 'has too many digits' : undefined;
};

const numericOf =
  (precision: number, scale: number): CellCheck =>
  (value) => {
    const problem = numeric(value);
    if (problem !== undefined) return problem;
    const { digits, whole } = digitsOf(value);
    const maxWhole = precision - scale;
    // Rounding to the scale adds a digit only if all digits are nines.
    const isCarried = digits.startsWith('9'.repeat(precision)) && (digits[precision] ?? '0') >= '5';
    const fits = digits === '' || whole < maxWhole || (whole === maxWhole && !isCarried);
    return fits ? undefined : `does not fit ${precision} digits, ${scale} of them decimals`;
  };

const MAX_LABELS = 8;

function oneOf(labels: readonly string[]): CellCheck {
  const known = new Set(labels);
  const first = labels.slice(0, MAX_LABELS).map((label) => JSON.stringify(label));
  const problem = `is not one of ${first.join(', ')}${labels.length > MAX_LABELS ? ', …' : ''}`;
  return (value) => (known.has(value) ? undefined : problem);
}

const BOOLEAN = /^(true|false|t|f|yes|no|y|n|on|off|1|0)$/i;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function isDay(year: number, month: number, day: number): boolean {
  const leap = month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return year >= 1 && day >= 1 && day <= (DAYS[month - 1] ?? 0) + (leap ? 1 : 0);
}

const DATE = /^(\d{4})-(\d\d)-(\d\d)$/;

/** `infinity` means "until further notice" and `-infinity` means "since always". */
const isInfinite = (value: string): boolean => value === 'infinity' || value === '-infinity';

const date: CellCheck = (value) => {
  if (isInfinite(value)) return undefined;
  const [, year, month, day] = DATE.exec(value) ?? [];
  return isDay(Number(year), Number(month), Number(day)) ? undefined : 'is not a date (YYYY-MM-DD)';
};

const INSTANT =
  /^(\d{4}-\d\d-\d\d)(?:[T ]([01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,6})?)?(Z|[+-](?:0\d|1[0-4])(?::?[0-5]\d)?)?)?$/i;

// In a column without a time zone Postgres silently drops an offset, so only UTC is accepted there.
const instant =
  (zone: 'aware' | 'utc'): CellCheck =>
  (value) => {
    if (isInfinite(value)) return undefined;
    const [, day = '', , offset = 'Z'] = INSTANT.exec(value) ?? [];
    if (date(day) !== undefined) return 'is not a time (YYYY-MM-DD HH:MM:SS, then Z or an offset)';
    const foreign = zone === 'utc' && offset.toUpperCase() !== 'Z';
    return foreign ? 'has an offset, but the column has no time zone; write it in UTC' : undefined;
  };

/** Returns the instant of a valid date or time in milliseconds since 1970. Without an offset it is read as UTC. */
function instantOf(value: string): number {
  const [, day, clock = '00:00', offset = 'Z'] = CLOCK.exec(value) ?? [];
  const [, hours, minutes = '00'] = /^([+-]\d\d):?(\d\d)?$/.exec(offset) ?? [];
  return Date.parse(`${day}T${clock}${hours === undefined ? 'Z' : `${hours}:${minutes}`}`);
}

const CLOCK = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|[+-].*)?)?$/i;

const matching =
  (pattern: RegExp, what: string): CellCheck =>
  (value) =>
    pattern.test(value) ? undefined : `is not ${what}`;

const checks: Readonly<Record<string, CellCheck>> = {
  smallint: whole(16),
  integer: whole(32),
  bigint,
  real: decimal(Math.fround),
  'double precision': decimal((value) => value),
  numeric,
  boolean: matching(BOOLEAN, 'true or false'),
  uuid: matching(UUID, 'a UUID'),
  date,
};
