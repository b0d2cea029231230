// Numbers as sentences and tables show them: rounded, but never so far that two different numbers read alike.

/** From here on numbers are written with an exponent. */
const MIN_LARGE = 1e15;

/** Digits that tell every double from its neighbours. */
const MAX_DIGITS = 17;

/** Most decimals that are tried to tell numbers apart. */
const MAX_DECIMALS = 15;

/** How far the difference of two shown numbers may be from their own difference, as a share of it. */
const MAX_DIFFERENCE_ERROR = 0.1;

/** Numbers closer than this, relative to the larger, differ by the rounding of their sums alone. */
const ROUNDING = 4e-15;

/** A number this close to 0 may read as 0. */
const MIN_SHOWN = 1e-6;

/** The least p-value that is shown as a number in a table. */
const MIN_P = 1e-4;

/** A number of rows as people read it. @example grouped(7043) // '7,043' */
export const grouped = (count: number): string => count.toLocaleString('en-US');

/**
 * A value of the data, with all its digits: what is quoted can be found in the table.
 *
 * @example exact(999999) // '999999'
 */
export const exact = (value: number): string => String(value + 0).replace('e+', 'e');

/**
 * A measured number: the digits that are asked for, and in any case all before the point; from 1e15 on with an exponent.
 *
 * @param digits significant ones, 1 to 17. @default 3
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
 * Numbers that are read beside each other, with as few digits as tell them apart: different ones read differently, and
 * of two the difference that is read is the true one to a tenth of it. Equal numbers, and those that differ by the
 * rounding of a sum, read alike.
 *
 * @param digits the least number of significant ones. @default 3
 * @example apart([2.2996, 2.3004]) // ['2.2996', '2.3004']
 * apart([7.07, 500123.4]) // ['7.07', '500123']
 */
export function apart(values: readonly number[], digits = 3): string[] {
  for (let tried = digits; tried < MAX_DIGITS; tried++) {
    const texts = values.map((value) => rounded(value, tried));
    if (readApart(values, texts)) return texts;
  }
  return values.map(exact);
}

function readApart(values: readonly number[], texts: readonly string[]): boolean {
  if (values.length === 2 && values.every(Number.isFinite)) {
    const [a, b] = values as [number, number];
    const difference = b / 2 - a / 2;
    if (isRounding(a, b)) return true;
    const shown = Number(texts[1]) / 2 - Number(texts[0]) / 2;
    return Math.abs(shown - difference) <= MAX_DIFFERENCE_ERROR * Math.abs(difference);
  }
  return areTold(values, texts);
}

const isRounding = (a: number, b: number): boolean =>
  a === b || Math.abs(b / 2 - a / 2) <= (ROUNDING / 2) * Math.max(Math.abs(a), Math.abs(b));

/** Whether different values have different texts, −0.000 and 0.000 being one. */
function areTold(values: readonly number[], texts: readonly string[]): boolean {
  const order = [...values.keys()].sort((a, b) => (values[a] as number) - (values[b] as number));
  return order.every((at, place) => {
    const before = order[place - 1];
    if (before === undefined) return true;
    const isSame = isRounding(values[before] as number, values[at] as number);
    return isSame || Number(texts[before]) !== Number(texts[at]);
  });
}

/**
 * Numbers of one scale, such as AUCs, with the same number of decimals: three, or as many more as tell them apart, from
 * their bounds, and from 0 unless they are below 0.000001.
 *
 * @param bounds what they are held against, so that none reads as if it were on the bound
 * @example fixed([0.8536, 0.8524]) // ['0.854', '0.852']
 * fixed([0.69996], [0.7]) // ['0.69996']
 */
export function fixed(values: readonly number[], bounds: readonly number[] = [], decimals = 3): string[] {
  const zero = values.some((value) => value !== 0 && Math.abs(value) < MIN_SHOWN) ? [] : [0];
  const told = [...values, ...bounds, ...zero];
  for (let tried = decimals; ; tried++) {
    const texts = told.map((value) => (Number(value.toFixed(tried)) + 0).toFixed(tried));
    if (tried === MAX_DECIMALS || areTold(told, texts)) return texts.slice(0, values.length);
  }
}

/**
 * A share in per cent, three digits; a share that is neither 0 nor 1 reads neither 0 % nor 100 %.
 *
 * @example percent(0.0017) // '0.17 %'
 * percent(0.99996) // '99.996 %'
 */
export const percent = (share: number): string => percents([share])[0] as string;

/** Shares in per cent that are read beside each other, so that different ones read differently. */
export function percents(shares: readonly number[]): string[] {
  const values = shares.map((share) => 100 * share);
  for (let digits = 3; ; digits++) {
    const texts = values.map((value) => rounded(value, digits));
    const isWhole = values.some((value, at) => value !== 100 && Number(texts[at]) === 100);
    if (digits === MAX_DIGITS || (!isWhole && readApart(values, texts)))
      return texts.map((text) => `${text} %`);
  }
}

/**
 * A p-value with two digits, or as many more as say on which side of its bound it lies; one below 0.0001 is shown as a
 * bound, since it says nothing more.
 *
 * @param bound that it is held against. @default none
 * @example pInWords(3e-9) // '<0.0001'
 * pInWords(0.0496, 0.05) // '0.0496'
 */
export function pInWords(p: number, bound?: number): string {
  if (p < MIN_P) return `<${MIN_P}`;
  for (let digits = 2; digits < MAX_DIGITS; digits++) {
    const text = rounded(p, digits);
    if (p === bound || p === 1 || (Number(text) !== bound && Number(text) !== 1)) return text;
  }
  return exact(p);
}
