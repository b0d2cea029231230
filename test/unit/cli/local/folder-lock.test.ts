// The lock that keeps two processes from using the same data folder.
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lockFolder, lockHolder } from '../../../../cli/local/folder-lock.ts';

/** Above the highest pid of Linux and macOS, so no process has it. */
const NOBODY = 4_194_305;

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidegate-lock-'));
});

afterEach(() => rm(folder, { recursive: true }));

const leaveLock = (pid: number, command: string) =>
  writeFile(join(folder, 'lock'), JSON.stringify({ pid, command, facts: {} }));

test('a locked folder is refused with the process that holds it', async () => {
  const lock = await lockFolder(folder);
  await expect(lockFolder(folder)).rejects.toMatchObject({
    code: 'ALREADY_RUNNING',
    message: expect.stringContaining(`process ${process.pid}`) as string,
  });
  await lock.release();
});

test('a folder that cannot be created is reported as BAD_CONFIG', async () => {
  const file = join(folder, 'file');
  await writeFile(file, '');
  await expect(lockFolder(file)).rejects.toMatchObject({
    code: 'BAD_CONFIG',
    message: expect.stringContaining(file) as string,
  });
});

test('a released folder can be locked again', async () => {
  await (await lockFolder(folder)).release();
  const again = await lockFolder(folder);
  expect(await lockHolder(folder)).toMatchObject({ pid: process.pid });
  await again.release();
  expect(await lockHolder(folder)).toBeUndefined();
});

test('the lock of a dead process is taken over', async () => {
  await leaveLock(NOBODY, 'node tidegate');
  expect(await lockHolder(folder)).toBeUndefined();
  await (await lockFolder(folder)).release();
});

test('the lock of a dead process is taken over even if another process now has its pid', async () => {
  await leaveLock(process.pid, 'another command');
  await (await lockFolder(folder)).release();
});

test('a truncated lock file is taken over', async () => {
  await writeFile(join(folder, 'lock'), '{"pid":');
  await (await lockFolder(folder)).release();
});

test('if many lock a stale folder at the same time, exactly one gets it', async () => {
  await leaveLock(NOBODY, 'node tidegate');
  const attempts = await Promise.allSettled(Array.from({ length: 12 }, () => lockFolder(folder)));
  expect(attempts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  expect(await readdir(folder)).toEqual(['lock']);
});

test('published facts can be read by other commands but not by other users', async () => {
  const lock = await lockFolder(folder);
  await lock.publish({ api: 'http://127.0.0.1:8080' });
  expect((await lockHolder(folder))?.facts).toEqual({ api: 'http://127.0.0.1:8080' });
  expect((await stat(join(folder, 'lock'))).mode & 0o077).toBe(0);
  await lock.release();
});

test('releasing a lock twice does not release the lock of its next holder', async () => {
  const first = await lockFolder(folder);
  await first.release();
  const second = await lockFolder(folder);
  await first.release();
  expect(JSON.parse(await readFile(join(folder, 'lock'), 'utf8'))).toMatchObject({ pid: process.pid });
  await second.release();
});
