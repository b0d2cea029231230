// Running a command to its end.
import { expect, test } from 'vitest';
import { processCommand } from '../../../../cli/local/processes/orphan.ts';
import { runCommand } from '../../../../cli/local/processes/run-command.ts';
import { eventually } from '../../../helpers/eventually.ts';

const shell = (script: string, options = {}) => runCommand('/bin/sh', ['-c', script], options);

test('what a command prints is given without surrounding white space', async () => {
  expect(await shell('echo; echo " one two "; echo ignored >&2')).toBe('one two');
});

test.each([
  ['the last line of its complaint', 'echo first >&2; echo last >&2; exit 3', 'sh: last'],
  ['its exit code when it says nothing', 'exit 3', 'sh: exit code 3'],
  ['the signal that ended it', 'kill -KILL $$', 'sh: signal SIGKILL'],
])('a command that fails is told by %s', async (_, script, message) => {
  await expect(shell(script)).rejects.toThrow(message);
});

test('a command that the machine does not have is told as such', async () => {
  await expect(runCommand('no-such-program', [])).rejects.toThrow('no-such-program is not on PATH');
});

test('a command that takes too long is ended with all that it started', async () => {
  const failing = shell('sleep 61.25 & echo $! >&2; wait', { timeout: 300 });
  await expect(failing).rejects.toThrow('sh did not end within 0.3 s');
  await eventually(async () =>
    expect(await runCommand('ps', ['-axo', 'command='])).not.toContain('sleep 61.25'),
  );
});

test('giving up ends the command and throws the reason', async () => {
  const giveUp = new AbortController();
  const failing = shell('exec sleep 62.25', { signal: giveUp.signal });
  giveUp.abort(new Error('stopped by SIGINT'));
  await expect(failing).rejects.toThrow('stopped by SIGINT');
  await expect(shell('exit 0', { signal: giveUp.signal })).rejects.toThrow('stopped by SIGINT');
});

test('the command line of a live process is known, and that of no process is not', async () => {
  expect(await processCommand(process.pid)).toContain('node');
  expect(await processCommand(4_194_305)).toBeUndefined();
});
