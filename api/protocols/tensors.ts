// The tensors of the Open Inference protocol: their data in JSON, and in the binary form that follows the JSON.
import { TidegateError } from '../../domain/errors.ts';
import { excerpt } from '../../domain/excerpt.ts';
import { decodeUtf8 } from '../plugins/body-text.ts';
import { type NumberArray, type SentValues } from './request-table.ts';

/** A tensor type with the bytes of one value in the binary form; BYTES are texts of any length. */
const SIZES = {
  BOOL: 1,
  UINT8: 1,
  UINT16: 2,
  UINT32: 4,
  UINT64: 8,
  INT8: 1,
  INT16: 2,
  INT32: 4,
  INT64: 8,
  FP16: 2,
  FP32: 4,
  FP64: 8,
  BYTES: 0,
} as const;

/** A type of tensors. */
export type TensorType = keyof typeof SIZES;

/** Whether a value is the name of a tensor type. */
export const isTensorType = (value: unknown): value is TensorType =>
  typeof value === 'string' && Object.hasOwn(SIZES, value);

const NUMBER_ARRAYS = {
  UINT8: Uint8Array,
  UINT16: Uint16Array,
  UINT32: Uint32Array,
  UINT64: BigUint64Array,
  INT8: Int8Array,
  INT16: Int16Array,
  INT32: Int32Array,
  INT64: BigInt64Array,
  FP32: Float32Array,
  FP64: Float64Array,
} as const;

/**
 * Reads the binary form of a tensor: little-endian numbers, or texts in UTF-8, each after its length in four bytes.
 *
 * @param name of the tensor in messages
 * @param count number of values
 * @throws TidegateError INVALID_REQUEST if the bytes are not so many values
 */
export function readTensor(name: string, type: TensorType, bytes: Uint8Array, count: number): SentValues {
  if (type === 'BYTES') return readTexts(name, bytes, count);
  if (bytes.length !== count * SIZES[type])
    throw wrong(
      name,
      `has ${bytes.length} bytes of ${type}, but ${count} values need ${count * SIZES[type]}`,
    );
  // Copied, because the tensor may begin at any byte, and a typed array only at a multiple of its size.
  const { buffer } = new Uint8Array(bytes);
  if (type === 'BOOL') return Array.from(bytes, (byte) => byte !== 0);
  if (type === 'FP16') return Float64Array.from(new Uint16Array(buffer), halfToNumber);
  return new NUMBER_ARRAYS[type](buffer) as NumberArray;
}

function readTexts(name: string, bytes: Uint8Array, count: number): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const texts: string[] = [];
  let at = 0;
  while (at < bytes.length) {
    const start = at + 4;
    const end = start <= bytes.length ? start + view.getUint32(at, true) : Infinity;
    if (end > bytes.length) throw wrong(name, 'ends in the middle of a text');
    if (texts.length === count) throw wrong(name, `has more than ${count} texts`);
    texts.push(textOf(name, bytes.subarray(start, end)));
    at = end;
  }
  if (texts.length < count) throw wrong(name, `has ${texts.length} texts, but its shape needs ${count}`);
  return texts;
}

function textOf(name: string, bytes: Uint8Array): string {
  try {
    return decodeUtf8(bytes);
  } catch {
    throw wrong(name, 'contains bytes that are not UTF-8');
  }
}

/** Reads a number of 16 bits: one bit of sign, five of exponent, ten of fraction. */
function halfToNumber(bits: number): number {
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  const size =
    exponent === 0
      ? fraction * 2 ** -24
      : exponent === 0x1f
        ? fraction === 0
          ? Infinity
          : NaN
        : (1 + fraction / 1024) * 2 ** (exponent - 15);
  return bits & 0x8000 ? -size : size;
}

/** Returns the bytes of a tensor: doubles, whole numbers of 64 bits, or texts, each after its length in four bytes. */
export function tensorBytes(
  type: 'FP64' | 'INT64' | 'BYTES',
  values: ArrayLike<number> | readonly string[],
): Uint8Array {
  if (type === 'FP64') return new Uint8Array(Float64Array.from(values as ArrayLike<number>).buffer);
  if (type === 'INT64')
    return new Uint8Array(BigInt64Array.from(Array.from(values as ArrayLike<number>, BigInt)).buffer);
  const parts = (values as readonly string[]).map((text) => {
    const bytes = Buffer.from(text);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.length);
    return Buffer.concat([length, bytes]);
  });
  return Buffer.concat(parts);
}

const wrong = (name: string, problem: string): TidegateError =>
  new TidegateError('INVALID_REQUEST', `the tensor ${excerpt(name)} ${problem}`);
