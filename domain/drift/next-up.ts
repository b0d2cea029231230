// The neighbour of a number.

const value64 = new Float64Array(1);
// Tidegate runs on little-endian machines only: the low word first. BigInts would take twenty times as long.
const words = new Uint32Array(value64.buffer);

/**
 * The smallest double greater than `value`; Infinity stays. A bin [v, nextUp(v)) holds the value v and nothing else.
 *
 * @example nextUp(0); // 5e-324
 */
export function nextUp(value: number): number {
  if (value === Infinity) return value;
  if (value === 0) return Number.MIN_VALUE;
  value64[0] = value;
  const low = words[0] as number;
  // The words wrap around; a number's size grows with its bits, whatever its sign.
  if (value > 0) {
    words[0] = low + 1;
    if (low === 0xffff_ffff) words[1]!++;
  } else {
    words[0] = low - 1;
    if (low === 0) words[1]!--;
  }
  return value64[0];
}
