// Formats numbers for sentences and tables: rounded, but never so far that two different numbers look the same.

/** Numbers of this size or larger are written with an exponent. */
const MIN_LARGE = 1e15;

/** Significant digits that are enough to distinguish any two doubles. */
const MAX_DIGITS = 17;

/** The largest number of decimals that is tried to distinguish numbers. */
const MAX_DECIMALS = 15;

/**
 * How far the difference of two rounded numbers may be from their true difference, as a share of the true difference.
 */
const MAX_DIFFERENCE_ERROR = 0.1;

/** Numbers closer than this, relative to the larger one, are taken to differ only by rounding errors of a sum. */
const ROUNDING = 4e-15;

/** A number closer to 0 than this may be shown as 0. */
const MIN_SHOWN = 1e-6;

/** The smallest p-value that is shown as a number; smaller ones are shown as a bound. */
const MIN_P = 1e-4;

/** Formats a whole number with commas between the thousands. @example grouped(7043) // '7,043' */
export const grouped = (count: number): string => count.toLocaleString('en-US');

/**
 * Formats a value of the data with all its digits, so that a quoted value can be found in the table.
 *
 * @example exact(999999) // '999999'
 */
export const exact = (value: number): string => String(value + 0).replace('e+', 'e');

/**
 * Rounds a measured number to significant digits, but keeps all digits before the decimal point. Numbers of 1e15 or
 * larger are written with an exponent.
 *
 * @param digits significant digits, 1 to 17. @default 3
 * @example rounded(0.20649) // '0.206'
 * rounded(500123.4) // '500123'
 * rounded(9.2233e18) // '9.22e18'
 */
export function rounded(value: number, digits = 3): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size >= MIN_LARGE) return exponential(value, digits);
  if (size >= 10 ** digits) return String(Math.round(value) + 0);
  return String(Number(value.toPrecision(digits)) + 0);
}

function exponential(value: number, digits: number): string {
  const [mantissa = '', exponent = ''] = value.toExponential(digits - 1).split('e');
  return `${Number(mantissa)}e${Number(exponent)}`;
}

/**
 * Formats numbers that are shown together, with as few digits as are needed to distinguish them. The difference of two
 * formatted numbers is within a tenth of their true difference. Equal numbers, and numbers that differ only by the
 * rounding of a sum, get the same text.
 *
 * @param digits the smallest number of significant digits. @default 3
 * @example apart([2.2996, 2.3004]) // ['2.2996', '2.3004']
 * apart([7.07, 500123.4]) // ['7.07', '500123']
 */
export function apart(values: readonly number[], digits = 3): string[] {
  for (let tried = digits; tried < MAX_DIGITS; tried++) {
    const texts = values.map((value) => rounded(value, tried));
    if (areDistinguished(values, texts)) return texts;
  }
  return values.map(exact);
}

function areDistinguished(values: readonly number[], texts: readonly string[]): boolean {
  if (values.length === 2 && values.every(Number.isFinite)) {
    const [a, b] = values as [number, number];
    const difference = b / 2 - a / 2;
    if (isRounding(a, b)) return true;
    const shown = Number(texts[1]) / 2 - Number(texts[0]) / 2;
    return Math.abs(shown - difference) <= MAX_DIFFERENCE_ERROR * Math.abs(difference);
  }
  return haveDifferentTexts(values, texts);
}

const isRounding = (a: number, b: number): boolean =>
  a === b || Math.abs(b / 2 - a / 2) <= (ROUNDING / 2) * Math.max(Math.abs(a), Math.abs(b));

/** Whether different values have different texts; −0.000 and 0.000 count as the same text. */
function haveDifferentTexts(values: readonly number[], texts: readonly string[]): boolean {
  const order = [...values.keys()].sort((a, b) => (values[a] as number) - (values[b] as number));
  return order.every((at, place) => {
    const before = order[place - 1];
    if (before === undefined) return true;
    const isSame = isRounding(values[before] as number, values[at] as number);
    return isSame || Number(texts[before]) !== Number(texts[at]);
  });
}

/**
 * Formats numbers on one scale, such as AUCs, with the same number of decimals: three, or as many more as are needed to
 * distinguish them from each other, from their bounds, and from 0 (unless they are below 0.000001).
 *
 * @param bounds what the numbers are compared with, so that no number looks as if it were equal to its bound
 * @example fixed([0.8536, 0.8524]) // ['0.854', '0.852']
 * fixed([0.69996], [0.7]) // ['0.69996']
 */
export function fixed(values: readonly number[], bounds: readonly number[] = [], decimals = 3): string[] {
  const zero = values.some((value) => value !== 0 && Math.abs(value) < MIN_SHOWN) ? [] : [0];
  const distinct = [...values, ...bounds, ...zero];
  for (let tried = decimals; ; tried++) {
    const texts = distinct.map((value) => (Number(value.toFixed(tried)) + 0).toFixed(tried));
    if (tried === MAX_DECIMALS || haveDifferentTexts(distinct, texts)) return texts.slice(0, values.length);
  }
}

/**
 * Formats a share as a percentage with three digits. A share that is neither 0 nor 1 is never shown as 0 % or 100 %.
 *
 * @example percent(0.0017) // '0.17 %'
 * percent(0.99996) // '99.996 %'
 */
export const percent = (share: number): string => percents([share])[0] as string;

/** Formats shares that are shown together as percentages, with enough digits to distinguish them. */
export function percents(shares: readonly number[]): string[] {
  const values = shares.map((share) => 100 * share);
  for (let digits = 3; ; digits++) {
    const texts = values.map((value) => rounded(value, digits));
    const isWhole = values.some((value, at) => value !== 100 && Number(texts[at]) === 100);
    if (digits === MAX_DIGITS || (!isWhole && areDistinguished(values, texts)))
      return texts.map((text) => `${text} %`);
  }
}

/**
 * Formats a p-value with two digits, or as many more as are needed to show whether it is above or below its bound. A
 * p-value below 0.0001 is shown as `<0.0001`.
 *
 * @param bound the significance level that the p-value is compared with. @default no bound
 * @example formatPValue(3e-9) // '<0.0001'
 * formatPValue(0.0496, 0.05) // '0.0496'
 */
export function formatPValue(p: number, bound?: number): string {
  if (p < MIN_P) return `<${MIN_P}`;
  for (let digits = 2; digits < MAX_DIGITS; digits++) {
    const text = rounded(p, digits);
    if (p === bound || p === 1 || (Number(text) !== bound && Number(text) !== 1)) return text;
  }
  return exact(p);
}
