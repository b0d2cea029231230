// Bundles the workflows at the path given and writes them to its output: a process of its own, whose memory goes with it.
// It is plain JavaScript and imports nothing of ours, because a loader for TypeScript doubles the time of a start.
import process from 'node:process';
import { bundleWorkflowCode } from '@temporalio/worker';

const workflowsPath = process.argv[2];
const quiet = Object.fromEntries(
  ['log', 'trace', 'debug', 'info', 'warn', 'error'].map((level) => [level, () => undefined]),
);
const { code } = await bundleWorkflowCode({ workflowsPath, logger: quiet });
process.stdout.write(code);
