// tidegate worker: runs the loops' workflows and activities until it is told to stop.
import { type Command } from 'commander';
import { lookForOnnxRuntimeIn } from '../../scoring/onnx-runtime.ts';
import { type CommandContext } from '../shared/arguments.ts';
import { reportReady } from '../local/processes/ready-message.ts';
import { findEndpoints } from '../shared/endpoints.ts';
import { treesFolder } from '../local/install-python.ts';

/** Adds `tidegate worker`. */
export function addWorker(program: Command, { config }: CommandContext): void {
  program
    .command('worker')
    .description('run workflows and activities until stopped; start as many as you need')
    .addHelpText('after', '\nExample:\n  DATABASE_URL=… TEMPORAL_ADDRESS=… tidegate worker')
    .action(async () => {
      const settings = config();
      const endpoints = await findEndpoints(settings);
      lookForOnnxRuntimeIn(treesFolder(settings.dataDir));
      // Loaded late: Temporal's native part takes longer to load than most commands to run.
      const { runWorker } = await import('../../worker/main.ts');
      await runWorker({ ...settings, ...endpoints, onReady: reportReady });
    });
}
