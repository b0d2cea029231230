// Programs run as built from the sources as they are now, and as TypeScript if they cannot be built.
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const PACKAGES = ['esbuild', '@esbuild', 'tsx', 'get-tsconfig', 'resolve-pkg-maps'];

let project: string;

beforeEach(async () => {
  project = await mkdtemp(join(tmpdir(), 'tidegate-load-'));
  await cp(join(root, 'boot'), join(project, 'boot'), { recursive: true });
  await mkdir(join(project, 'node_modules'));
  const installed = await readdir(join(root, 'node_modules'));
  for (const name of PACKAGES.filter((one) => installed.includes(one)))
    await symlink(join(root, 'node_modules', name), join(project, 'node_modules', name));
  await write('package.json', '{"type":"module"}');
  await write('run.mjs', "import { load } from './boot/load.mjs';\nawait load('cli/main.ts');");
  await write(
    'activities/compute/thread.mjs',
    "import { load } from '../../boot/load.mjs';\nawait load('activities/compute/thread.ts');",
  );
  await write('activities/compute/thread.ts', THREAD);
  await write('store/import/parquet/decode-on-message.ts', 'export {};');
  await write('domain/word.ts', "export const word: string = 'first';");
  await write('cli/main.ts', MAIN);
});
afterEach(() => rm(project, { recursive: true, force: true }));

const THREAD = `import { parentPort } from 'node:worker_threads';
import { word } from '../../domain/word.ts';
parentPort?.postMessage({ word, stack: new Error('here').stack });
`;

const MAIN = `import { Worker } from 'node:worker_threads';
import { word } from '../domain/word.ts';
interface Answer { readonly word: string }
const thread = new Worker(new URL('../activities/compute/thread.mjs', import.meta.url), { execArgv: [] });
const answer = await new Promise<Answer>((resolve) => thread.once('message', resolve));
const { stack } = new Error('here');
console.log(JSON.stringify({ word, answer, stack, url: import.meta.url }));
`;

async function write(file: string, content: string): Promise<void> {
  await mkdir(dirname(join(project, file)), { recursive: true });
  await writeFile(join(project, file), content);
}

interface Said {
  readonly word: string;
  readonly answer: { readonly word: string; readonly stack: string };
  readonly stack: string;
  readonly url: string;
}

async function run(): Promise<Said> {
  const { stdout } = await promisify(execFile)(process.execPath, [join(project, 'run.mjs')]);
  return JSON.parse(stdout) as Said;
}

const builds = (): Promise<string[]> => readdir(join(project, 'node_modules/.cache/tidegate-built'));

describe('a program', () => {
  it('is built once, and its stacks and files are those of the sources', async () => {
    const said = await run();
    expect(await builds()).toHaveLength(1);
    expect(said.url).toBe(`file://${join(project, 'cli/main.ts')}`);
    expect(said.stack).toContain(`${join(project, 'cli/main.ts')}:6:`);
    expect(said.answer.stack).toContain(`${join(project, 'activities/compute/thread.ts')}:3:`);
    await run();
    expect(await builds()).toHaveLength(1);
  });

  it('runs the sources as they are now, its threads too', async () => {
    await run();
    await write('domain/word.ts', "export const word: string = 'second';");
    expect(await run()).toMatchObject({ word: 'second', answer: { word: 'second' } });
    expect(await builds()).toHaveLength(2);
  });

  it('and its threads run from TypeScript where nothing can be kept', async () => {
    await write('node_modules/.cache', 'a file where the folder would be');
    const said = await run();
    expect(said).toMatchObject({ word: 'first', answer: { word: 'first' } });
    expect(said.stack).toContain(`${join(project, 'cli/main.ts')}:6:`);
  });

  it('that cannot be built fails as TypeScript, with the place of the fault', async () => {
    await write('domain/word.ts', 'export const word = (;');
    await expect(run()).rejects.toThrow(/domain\/word\.ts:1:/);
    expect(await builds()).toEqual([]);
  });
});

it('every script that is loaded by its name is a program that is built', async () => {
  const build = await readFile(join(root, 'boot/build.mjs'), 'utf8');
  for (const file of [
    'bin/tidegate.mjs',
    'activities/compute/thread.mjs',
    'store/import/parquet/thread.mjs',
  ]) {
    const [, program] = /load\('([^']+)'\)/.exec(await readFile(join(root, file), 'utf8')) ?? [];
    expect(build).toContain(`'${program}'`);
  }
});
