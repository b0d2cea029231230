// The neighbour of a number.

const bits = new DataView(new ArrayBuffer(8));

/**
 * The smallest double greater than `value`; Infinity stays. A bin [v, nextUp(v)) holds the value v and nothing else.
 *
 * @example nextUp(0); // 5e-324
 */
export function nextUp(value: number): number {
  if (value === Infinity) return value;
  if (value === 0) return Number.MIN_VALUE;
  bits.setFloat64(0, value);
  bits.setBigInt64(0, bits.getBigInt64(0) + (value > 0 ? 1n : -1n));
  return bits.getFloat64(0);
}
