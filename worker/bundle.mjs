// Bundles the workflows and writes them to its output: a process of its own, whose memory goes with it.
import process from 'node:process';
import { register } from 'tsx/esm/api';

register();
const { bundleWorkflowCode } = await import('@temporalio/worker');
const { workflowsPath } = await import('./options.ts');
const quiet = Object.fromEntries(
  ['log', 'trace', 'debug', 'info', 'warn', 'error'].map((level) => [level, () => undefined]),
);
const { code } = await bundleWorkflowCode({ workflowsPath, logger: quiet });
process.stdout.write(code);
