// Takes one file out of a .tar.gz in memory.
import { gunzipSync } from 'node:zlib';

const BLOCK = 512;

const text = (header: Buffer, start: number, length: number): string =>
  header.toString('latin1', start, start + length).replace(/\0.*$/s, '');

/**
 * The bytes of the first entry whose name ends in `name`, as a whole path segment.
 *
 * @throws Error when the archive holds no such file or is cut short
 * @example readTarGz(archive, 'temporal')
 */
export const readTarGz = (archive: Buffer, name: string): Buffer => {
  const tar = gunzipSync(archive);
  for (let at = 0; at + BLOCK <= tar.length && tar[at] !== 0;) {
    const header = tar.subarray(at, at + BLOCK);
    const size = Number.parseInt(text(header, 124, 12), 8);
    const start = at + BLOCK;
    if (!Number.isSafeInteger(size) || start + size > tar.length) throw new Error('the archive is cut short');
    // Type '0', or NUL in old archives, is a plain file; others are folders, links and extensions.
    const isFile = header[156] === 0x30 || header[156] === 0;
    if (isFile && `/${text(header, 0, 100)}`.endsWith(`/${name}`)) return tar.subarray(start, start + size);
    at = start + Math.ceil(size / BLOCK) * BLOCK;
  }
  throw new Error(`the archive holds no ${name}`);
};
