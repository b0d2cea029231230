// tidegate down: stops the Tidegate that runs on the data folder, and erases the folder if asked to.
import { setTimeout as delay } from 'node:timers/promises';
import { type Command } from 'commander';
import { TidegateError } from '../../domain/errors.ts';
import { type CommandContext } from '../shared/arguments.ts';
import { demoFolder } from './demo/months.ts';
import { eraseData } from '../local/erase-data.ts';
import { lockHolder } from '../local/folder-lock.ts';

/** How long to wait for the process to stop, in milliseconds. All its servers together may take less than this. */
const STOPPED_WITHIN_MS = 120_000;

/** Adds `tidegate down`. */
export function addDown(program: Command, { config, output }: CommandContext): void {
  program
    .command('down')
    .description('stop the servers that run on the data folder, including the demo')
    .option('--erase', 'also erase the folder: database, runs and logs')
    .addHelpText('after', '\nExample:\n  tidegate down --erase')
    .action(async ({ erase }: { readonly erase?: boolean }) => {
      const { dataDir } = config();
      const say = (text: string): void => output.line(text);
      for (const folder of [demoFolder(dataDir), dataDir]) {
        const stopped = await stopHolder(folder);
        if (stopped !== undefined) say(`stopped process ${stopped}, which was running on ${folder}`);
        if (erase) await eraseData(folder, say);
      }
      say(erase ? `erased ${dataDir}` : `nothing is running on ${dataDir}`);
    });
}

/** Asks the process that holds a folder to stop, waits for it, and returns its pid; undefined if there was none. */
async function stopHolder(folder: string): Promise<number | undefined> {
  const holder = await lockHolder(folder);
  if (!holder) return undefined;
  process.kill(holder.pid, 'SIGTERM');
  const deadline = performance.now() + STOPPED_WITHIN_MS;
  while ((await lockHolder(folder))?.pid === holder.pid) {
    if (performance.now() > deadline) {
      throw new TidegateError('ALREADY_RUNNING', `process ${holder.pid} on ${folder} does not stop`);
    }
    await delay(100);
  }
  return holder.pid;
}
