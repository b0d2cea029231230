// tidegate worker: runs workflows and activities until it is stopped.
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
      const endpoints = await findEndpoints(settings, 'worker');
      lookForOnnxRuntimeIn(treesFolder(settings.dataDir));
      // Imported only here: loading Temporal's native module takes longer than most commands run.
      const { runWorker } = await import('../../worker/main.ts');
      await runWorker({ ...settings, ...endpoints, onReady: reportReady });
    });
}
