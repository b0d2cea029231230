// What a process of this machine is running: tells a live process from one that inherited its number.
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/**
 * The command line of a live process, arguments joined by spaces; undefined when no such process lives.
 * Reads `/proc` on Linux and asks `ps` elsewhere.
 *
 * @example await processCommand(process.pid); // 'node bin/tidegate.mjs start'
 */
export const processCommand = async (pid: number): Promise<string | undefined> => {
  if (process.platform === 'linux') {
    const raw = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    // A zombie has an empty command line: it holds nothing any more.
    return raw.replaceAll('\0', ' ').trim() || undefined;
  }
  const { stdout } = await execute('ps', ['-p', String(pid), '-o', 'command=']).catch(() => ({ stdout: '' }));
  return stdout.trim() || undefined;
};
