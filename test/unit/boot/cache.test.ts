// What is built is used again only if the sources are the same and nobody else can have written it.
import {
  chmod,
  chown,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { builtFolder, digestOfSources } from '../../../boot/cache.mjs';

const STRANGER = 65_534;

let project: string;
let made: number;

beforeEach(async () => {
  project = await mkdtemp(join(tmpdir(), 'tidegate-cache-'));
  made = 0;
  await write('node_modules/.package-lock.json', '{}');
  await write('workflows/loop.ts', 'export const one = 1;');
});
afterEach(() => rm(project, { recursive: true, force: true }));

async function write(file: string, content: string): Promise<void> {
  await mkdir(dirname(join(project, file)), { recursive: true });
  await writeFile(join(project, file), content);
}

const key = (): string => digestOfSources(['workflows', 'domain'], project);

const built = (make = write): Promise<string | undefined> =>
  builtFolder({
    name: 'loops',
    key: key(),
    project,
    make: async (folder) => {
      made += 1;
      await mkdir(join(folder, 'parts'));
      await writeFile(join(folder, 'parts/loop.mjs'), `built ${made}`);
      if (make !== write) await make('', '');
    },
  });

const contentOf = (folder: string | undefined): Promise<string> =>
  readFile(join(folder ?? 'nowhere', 'parts/loop.mjs'), 'utf8');

describe('the key of a build', () => {
  it.each([
    ['a source is changed', () => write('workflows/loop.ts', 'export const one = 2;')],
    ['a source comes', () => write('domain/deep/er.ts', '')],
    ['a source goes', () => rm(join(project, 'workflows/loop.ts'))],
    [
      'a source gets another name',
      () => rename(join(project, 'workflows/loop.ts'), join(project, 'workflows/b.ts')),
    ],
    ['another package is installed', () => write('node_modules/.package-lock.json', '{"a":1}')],
  ])('is another when %s', async (_, change) => {
    const before = key();
    await change();
    expect(key()).not.toBe(before);
  });

  it('is the same when something else is changed', async () => {
    const before = key();
    await write('workflows/notes.md', 'words');
    await write('models/churn.ts', 'export default {};');
    expect(key()).toBe(before);
  });

  it('differs between projects of the same sources, since what is built names their files', async () => {
    const before = key();
    const moved = `${project}-moved`;
    await rename(project, moved);
    project = moved;
    expect(key()).not.toBe(before);
  });
});

describe('a build', () => {
  it('is made once, and again when a source has changed', async () => {
    const first = await built();
    expect(await built()).toBe(first);
    expect(made).toBe(1);
    await write('workflows/loop.ts', 'export const one = 2;');
    const second = await built();
    expect(second).not.toBe(first);
    expect(await contentOf(second)).toBe('built 2');
  });

  it('that two processes make at once is whole, and leaves no draft', async () => {
    const both = await Promise.all([built(), built()]);
    expect(new Set(both).size).toBe(1);
    expect(await contentOf(both[0])).toMatch(/^built \d$/);
    expect(await readdir(dirname(both[0]!))).toHaveLength(1);
  });

  it('that fails leaves nothing behind, and says why', async () => {
    const fails = () => Promise.reject(new Error('no compiler'));
    await expect(built(fails)).rejects.toThrow('no compiler');
    expect(await readdir(join(project, 'node_modules/.cache/tidegate-built'))).toEqual([]);
  });

  it.each([
    ['changed', (folder: string) => writeFile(join(folder, 'parts/loop.mjs'), 'other code')],
    ['gone', (folder: string) => rm(join(folder, 'parts/loop.mjs'))],
    ['added', (folder: string) => writeFile(join(folder, 'parts/more.mjs'), 'other code')],
  ])('of which a file is %s is made again', async (_, damage) => {
    await damage((await built())!);
    expect(await contentOf(await built())).toBe('built 2');
    expect(made).toBe(2);
  });

  it('is kept for the newest ten states of the sources', async () => {
    for (let state = 0; state < 13; state += 1) {
      await write('workflows/loop.ts', `export const one = ${state};`);
      await built();
    }
    expect(await readdir(join(project, 'node_modules/.cache/tidegate-built'))).toHaveLength(10);
  });
});

describe('a folder is not used', () => {
  it.each([
    ['if others may write into it', (folder: string) => chmod(folder, 0o777)],
    ['if others may write into the one around it', (folder: string) => chmod(dirname(folder), 0o777)],
    [
      'if it is a link to another',
      async (folder: string) => {
        await rename(folder, join(project, 'elsewhere'));
        await symlink(join(project, 'elsewhere'), folder);
      },
    ],
  ])('%s', async (_, open) => {
    await open((await built())!);
    expect(await built()).toBeUndefined();
  });

  it.skipIf(process.getuid?.() !== 0)('if it belongs to another user', async () => {
    const folder = (await built())!;
    await chown(folder, STRANGER, STRANGER);
    expect(await built()).toBeUndefined();
  });
});

it('nothing is built in a project that cannot be written to', async () => {
  // Whoever runs this may be root, to whom no mode is a bar.
  await write('node_modules/.cache', 'a file where the folder would be');
  expect(await built()).toBeUndefined();
  expect(made).toBe(0);
});
