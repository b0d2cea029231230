// Exact text for many numbers.

/**
 * Little-endian doubles in base64: infinities, −0 and every last bit survive, which JSON numbers do not promise.
 *
 * @example encodeNumbers(Float64Array.of(Infinity)); // 'AAAAAAAA8H8='
 */
export const encodeNumbers = (values: Float64Array): string =>
  // Tidegate runs on little-endian machines only, so these are the bytes of the memory itself.
  Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64');

/** The numbers of `encodeNumbers`. */
export function decodeNumbers(text: string): Float64Array {
  const bytes = Buffer.from(text, 'base64');
  const values = new Float64Array(Math.floor(bytes.length / 8));
  new Uint8Array(values.buffer).set(bytes.subarray(0, values.byteLength));
  return values;
}
