// Caches builds in node_modules/.cache/tidegate-built, with one folder for each state of the sources.
import { createHash, randomUUID } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

/** The folder of the project. */
export const root = fileURLToPath(new URL('..', import.meta.url));

const MANIFEST = 'digests.json';
const MAX_KEPT = 10;
const MAX_DRAFT_AGE_MS = 3_600_000;
const WRITABLE_BY_OTHERS = 0o022;

/**
 * @typedef {object} Build
 * @property {string} name name of what is built: one word
 * @property {string} key identifies the state of the sources, for example by `digestOfSources`
 * @property {(folder: string) => Promise<void>} make writes the files into the folder; it may have folders in it
 * @property {string} [project] the folder of the project. Default: this one
 */

/**
 * Digests everything that affects a build: the TypeScript and plain JavaScript in these folders, the installed packages,
 * and the project's path. Folders that do not exist count as empty.
 *
 * @param {readonly string[]} folders
 * @param {string} [project]
 * @returns {string} 32 hexadecimal digits
 */
export function digestOfSources(folders, project = root) {
  const digest = createHash('sha256').update(project);
  const add = (/** @type {string} */ file) => {
    const content = ifThere(() => readFileSync(join(project, file)));
    digest.update(`\n${file} ${content?.length ?? 'none'}\n`).update(content ?? '');
  };
  // npm writes the first file at each install; the second is used if another program installed the packages.
  for (const file of ['node_modules/.package-lock.json', 'package-lock.json', 'paths.ts']) add(file);
  const walk = (/** @type {string} */ folder) => {
    const entries = ifThere(() => readdirSync(join(project, folder), { withFileTypes: true })) ?? [];
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) walk(path);
      else if (/\.(ts|mjs)$/.test(entry.name)) add(path);
    }
  };
  for (const folder of folders) walk(folder);
  return digest.digest('hex').slice(0, 32);
}

/**
 * Returns the folder that contains the build, and calls `make` to create it if it does not exist. A folder is used only
 * if nobody else can have written it: it belongs to this user, to the owner of the sources or to root, others may not
 * write to it, and each file still has the digest that it had when it was built.
 *
 * @param {Build} build
 * @returns {Promise<string | undefined>} undefined if nothing can be cached here, for example because the project is
 * installed read-only; `make` is not called then
 * @throws what `make` throws
 */
export async function builtFolder({ name, key, make, project = root }) {
  const base = join(project, 'node_modules/.cache/tidegate-built');
  const folder = join(base, `${name}-${key}`);
  if (isOurs(base, project) && isOurs(folder, project)) {
    if (await isWhole(folder)) return folder;
    await rm(folder, { recursive: true, force: true }).catch(() => undefined);
  }
  const draft = join(base, `draft-${randomUUID()}`);
  try {
    await mkdir(base, { recursive: true, mode: 0o755 });
    if (!isOurs(base, project)) return undefined;
    await mkdir(draft, { mode: 0o755 });
  } catch {
    return undefined;
  }
  try {
    await make(draft);
    await writeFile(join(draft, MANIFEST), JSON.stringify(await digestsOf(draft)));
    // Another process may have been faster: then the folder already exists with the same content.
    await rename(draft, folder).catch(() => undefined);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  await removeOld(base, name);
  return isOurs(folder, project) && (await isWhole(folder)) ? folder : undefined;
}

/** Whether the folder can have been written only by somebody who could also change the sources. */
function isOurs(/** @type {string} */ folder, /** @type {string} */ project) {
  const found = ifThere(() => lstatSync(folder));
  if (!found?.isDirectory()) return false;
  // Windows has no such owners and modes.
  if (process.getuid === undefined) return true;
  const owners = [process.getuid(), 0, statSync(join(project, 'node_modules')).uid];
  return owners.includes(found.uid) && (found.mode & WRITABLE_BY_OTHERS) === 0;
}

async function isWhole(/** @type {string} */ folder) {
  try {
    const noted = await readFile(join(folder, MANIFEST), 'utf8');
    return noted === JSON.stringify(await digestsOf(folder));
  } catch {
    return false;
  }
}

async function digestsOf(/** @type {string} */ folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile() && entry.name !== MANIFEST)
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  return Promise.all(
    files.map(async (file) => [
      file.slice(folder.length + 1),
      createHash('sha256')
        .update(await readFile(file))
        .digest('hex'),
    ]),
  );
}

/** Removes the drafts left behind by killed processes, and all builds of a name except the newest. */
async function removeOld(/** @type {string} */ base, /** @type {string} */ name) {
  try {
    const aged = await Promise.all(
      (await readdir(base)).map(async (entry) => {
        const path = join(base, entry);
        return { entry, path, at: (await stat(path)).mtimeMs };
      }),
    );
    const builds = aged
      .filter(({ entry }) => entry.startsWith(`${name}-`))
      .sort((a, b) => b.at - a.at)
      .slice(MAX_KEPT);
    const drafts = aged.filter(
      ({ entry, at }) => entry.startsWith('draft-') && at < Date.now() - MAX_DRAFT_AGE_MS,
    );
    await Promise.all([...builds, ...drafts].map(({ path }) => rm(path, { recursive: true, force: true })));
  } catch {
    // Another process is removing the same files; the next build cleans up again.
  }
}

/**
 * @template T
 * @param {() => T} read
 * @returns {T | undefined}
 */
function ifThere(read) {
  try {
    return read();
  } catch (error) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}
