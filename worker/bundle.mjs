// Bundles the workflows at the given path and writes the code to stdout. A separate process, so that its memory is freed.
// Plain JavaScript that imports none of our files, because a TypeScript loader would double the start time.
import process from 'node:process';
import { bundleWorkflowCode } from '@temporalio/worker';

const workflowsPath = process.argv[2];
const quiet = Object.fromEntries(
  ['log', 'trace', 'debug', 'info', 'warn', 'error'].map((level) => [level, () => undefined]),
);
const { code } = await bundleWorkflowCode({ workflowsPath, logger: quiet });
process.stdout.write(code);
