// tidegate api: serves predictions and decisions over HTTP until it is stopped.
import { type Command } from 'commander';
import { lookForOnnxRuntimeIn } from '../../../scoring/onnx-runtime.ts';
import { type CommandContext } from '../../shared/arguments.ts';
import { findEndpoints } from '../../shared/endpoints.ts';
import { treesFolder } from '../../local/install-python.ts';

/** Adds `tidegate api`. */
export function addApi(program: Command, { config }: CommandContext): void {
  program
    .command('api')
    .description('serve predictions and decisions over HTTP until stopped; start as many as you need')
    .addHelpText('after', '\nExample:\n  TIDEGATE_API_PORT=8080 tidegate api')
    .action(async () => {
      const settings = config();
      const endpoints = await findEndpoints(settings, 'api');
      lookForOnnxRuntimeIn(treesFolder(settings.dataDir));
      const { runApi } = await import('./run-api.ts');
      await runApi({ ...settings, ...endpoints });
    });
}
