// The admin key of this machine: a file in the data folder that only its owner can read.
import { chmod, mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';

const keyFile = (dataDir: string, name: string): string => join(dataDir, 'keys', name);

/** Reads a key; undefined if there is none. Takes the rights of others away first, should they have any. */
export async function readLocalKey(dataDir: string, name = 'admin'): Promise<string | undefined> {
  const file = keyFile(dataDir, name);
  try {
    if (((await stat(file)).mode & 0o077) !== 0) await chmod(file, 0o600);
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Writes a key to a file that only its owner can read. @returns the path of the file */
export async function writeLocalKey(dataDir: string, secret: string, name = 'admin'): Promise<string> {
  const file = keyFile(dataDir, name);
  await mkdir(join(dataDir, 'keys'), { recursive: true, mode: 0o700 });
  const draft = `${file}.${randomUUID()}`;
  await writeFile(draft, `${secret}\n`, { mode: 0o600, flag: 'wx' });
  await rename(draft, file);
  return file;
}
