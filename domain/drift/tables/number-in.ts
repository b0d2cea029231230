// Numbers as tables write them.

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const INFINITE = /^([+-]?)inf(?:inity)?$/i;
const NO_NUMBER = /^(?:nan|na|n\/a|null|none)$/i;

/**
 * The number that a cell holds; NaN for the words that stand for none, undefined for any other text.
 *
 * @example numberIn('1e3'); // 1000
 * numberIn('NA'); // NaN
 * numberIn('12 kg'); // undefined
 */
export function numberIn(cell: string): number | undefined {
  const text = cell.trim();
  if (NUMBER.test(text)) return Number(text);
  const infinite = INFINITE.exec(text);
  if (infinite) return infinite[1] === '-' ? -Infinity : Infinity;
  return NO_NUMBER.test(text) ? NaN : undefined;
}

/** Whether digits are written as codes are, with a zero before them. @example looksLikeCode('01234') // true */
export const looksLikeCode = (cell: string): boolean => /^\s*[+-]?0\d/.test(cell);
