// The demo erases its folder first, but a folder that `--data` names only if it is empty or from an earlier demo.
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { takeDemoFolder } from '../../../../cli/commands/demo/months.ts';
import { failureOf } from '../../../helpers/failures.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'tidegate-demo-folder-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

test('a folder that is missing, empty or from an earlier demo is accepted and emptied', async () => {
  const folder = join(root, 'new');
  await takeDemoFolder(folder, true);
  const marked = await readdir(folder);
  await mkdir(join(folder, 'postgres'));
  await takeDemoFolder(folder, true);
  expect(await readdir(folder)).toEqual(marked);
  await takeDemoFolder(folder, true);
  const empty = join(root, 'empty');
  await mkdir(empty);
  await takeDemoFolder(empty, true);
});

test('a named folder with other data is refused and keeps its data', async () => {
  const folder = join(root, 'own');
  await mkdir(join(folder, 'postgres'), { recursive: true });
  await writeFile(join(folder, 'postgres', 'precious'), '');
  expect(await failureOf(takeDemoFolder(folder, true))).toMatchObject({
    code: 'BAD_CONFIG',
    message: expect.stringContaining(folder) as string,
  });
  expect(await readdir(join(folder, 'postgres'))).toEqual(['precious']);
});

test("the demo's default folder is erased even without a mark, as earlier releases left it", async () => {
  const folder = join(root, 'demo');
  await mkdir(join(folder, 'postgres'), { recursive: true });
  await takeDemoFolder(folder, false);
  expect(await readdir(folder)).not.toContain('postgres');
});
