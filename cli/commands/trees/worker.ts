// tidegate trees worker: fits trees in Python until it is told to stop.
import { type Command } from 'commander';
import { type CommandContext } from '../../command-context.ts';
import { reportReady } from '../../embedded/ready-message.ts';
import { findEndpoints } from '../../endpoints.ts';
import { runTreesWorker } from '../../trees/run-worker.ts';

/** Adds `tidegate trees worker`. */
export function addTreesWorker(trees: Command, { config }: CommandContext): void {
  trees
    .command('worker')
    .description('fit gradient-boosted trees until stopped; `tidegate start --with-python` starts one')
    .addHelpText('after', '\nExample:\n  DATABASE_URL=… TEMPORAL_ADDRESS=… tidegate trees worker')
    .action(async () => {
      const settings = config();
      await runTreesWorker(settings, await findEndpoints(settings), reportReady);
    });
}
