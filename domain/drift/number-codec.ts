// Exact text for many numbers.

/**
 * Little-endian doubles in base64: infinities, −0 and every last bit survive, which JSON numbers do not promise.
 *
 * @example encodeNumbers(Float64Array.of(Infinity)); // 'AAAAAAAA8H8='
 */
export function encodeNumbers(values: Float64Array): string {
  const bytes = Buffer.alloc(values.length * 8);
  values.forEach((value, index) => bytes.writeDoubleLE(value, index * 8));
  return bytes.toString('base64');
}

/** The numbers of `encodeNumbers`. */
export function decodeNumbers(text: string): Float64Array {
  const bytes = Buffer.from(text, 'base64');
  return Float64Array.from({ length: Math.floor(bytes.length / 8) }, (_, index) =>
    bytes.readDoubleLE(index * 8),
  );
}
