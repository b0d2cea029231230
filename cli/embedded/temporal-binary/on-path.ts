// A program that the machine already has.
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { runCommand } from '../run-command.ts';
import type { Source } from './source.ts';

const isBefore = (version: readonly number[], oldest: readonly number[]): boolean => {
  const at = oldest.findIndex((part, index) => part !== (version[index] ?? 0));
  return at !== -1 && (version[at] ?? 0) < (oldest[at] ?? 0);
};

/** The program on PATH, unless it is too old. */
export const onPath: Source = {
  name: 'PATH',
  find: async (program, { env, signal }) => {
    const { name, oldestServer } = program;
    if (oldestServer === undefined) throw new Error('not looked for');
    for (const folder of (env['PATH'] ?? '').split(delimiter).filter(Boolean)) {
      const path = join(folder, name);
      const runs = await access(path, constants.X_OK).then(
        () => true,
        () => false,
      );
      if (!runs) continue;
      const printed = await runCommand(path, ['--version'], { env, signal, timeout: 10_000 });
      // Its own version says nothing when it was built by `go install`: that makes it 0.0.0-DEV.
      const server = /\(Server (\d+\.\d+\.\d+)/.exec(printed)?.[1];
      if (server === undefined) throw new Error(`${path} does not tell which server it brings`);
      if (isBefore(server.split('.').map(Number), oldestServer.split('.').map(Number))) {
        throw new Error(`${path} brings Temporal server ${server}, older than ${oldestServer}`);
      }
      return path;
    }
    throw new Error('not found');
  },
};
