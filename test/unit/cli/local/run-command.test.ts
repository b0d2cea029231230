// Running a command to its end.
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { processCommand } from '../../../../cli/local/processes/orphan.ts';
import { runCommand } from '../../../../cli/local/processes/run-command.ts';
import { eventually } from '../../../helpers/eventually.ts';

const shell = (script: string, options = {}) => runCommand('/bin/sh', ['-c', script], options);

test('returns what a command prints, without surrounding white space', async () => {
  expect(await shell('echo; echo " one two "; echo ignored >&2')).toBe('one two');
});

test.each([
  ['the last line of its errors', 'echo first >&2; echo last >&2; exit 3', 'sh: last'],
  ['its exit code if it printed no error', 'exit 3', 'sh: exit code 3'],
  ['the signal that ended it', 'kill -KILL $$', 'sh: signal SIGKILL'],
])('a command that fails is reported with %s', async (_, script, message) => {
  await expect(shell(script)).rejects.toThrow(message);
});

test('a command that the machine does not have is reported as not on PATH', async () => {
  await expect(runCommand('no-such-program', [])).rejects.toMatchObject({
    message: 'no-such-program is not on PATH',
    isStarted: false,
  });
});

test('a command that fails gives its last 15 lines, of standard output and standard error', async () => {
  const failing = shell('for n in $(seq 20); do echo $n; done; echo last >&2; exit 3', { timeout: null });
  await expect(failing).rejects.toMatchObject({
    message: 'sh: last',
    isStarted: true,
    lastLines: expect.stringMatching(/^(\d+\n|last\n?){14}(\d+|last)$/) as string,
  });
});

test('the files that a command creates are private to this user', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tidegate-command-'));
  await shell(`echo made > ${folder}/file`);
  expect((await stat(join(folder, 'file'))).mode & 0o777).toBe(0o600);
  await rm(folder, { recursive: true });
});

test('a command that takes too long is terminated together with its children', async () => {
  const failing = shell('sleep 61.25 & echo $! >&2; wait', { timeout: 300 });
  await expect(failing).rejects.toThrow('sh did not end within 0.3 s');
  await eventually(async () =>
    expect(await runCommand('ps', ['-axo', 'command='])).not.toContain('sleep 61.25'),
  );
});

test('an aborted signal terminates the command, which throws the reason of the signal', async () => {
  const giveUp = new AbortController();
  const failing = shell('exec sleep 62.25', { signal: giveUp.signal });
  giveUp.abort(new Error('stopped by SIGINT'));
  await expect(failing).rejects.toThrow('stopped by SIGINT');
  await expect(shell('exit 0', { signal: giveUp.signal })).rejects.toThrow('stopped by SIGINT');
});

test('returns the command line of a live process, and undefined if there is no such process', async () => {
  expect(await processCommand(process.pid)).toContain('node');
  expect(await processCommand(4_194_305)).toBeUndefined();
});
