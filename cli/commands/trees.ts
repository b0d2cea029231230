// tidegate trees: installs what gradient-boosted trees and ONNX models need, and runs the trees worker.
import { type Command } from 'commander';
import { paths } from '../../paths.ts';
import { type CommandContext, jsonOption } from '../shared/arguments.ts';
import {
  installOnnxRuntime,
  installPython,
  requirePython,
  treesFolder,
  treesPython,
} from '../local/install-python.ts';
import { reportReady } from '../local/processes/ready-message.ts';
import { EXIT_INTERRUPTED } from '../output/explain-error.ts';
import { interruptible } from '../shared/interruptible.ts';
import { type Endpoints, findEndpoints } from '../shared/endpoints.ts';
import { spawn } from 'node:child_process';
import { TidegateError } from '../../domain/errors.ts';
import { type Config } from '../shared/config.ts';

/** Adds `tidegate trees install` and `tidegate trees worker`. */
export function addTrees(program: Command, context: CommandContext): void {
  const trees = program
    .command('trees')
    .description('install what gradient-boosted trees and ONNX models need, and run the trees worker');
  addTreesInstall(trees, context);
  addTreesWorker(trees, context);
}

interface Options {
  readonly runtimeOnly?: boolean;
  readonly python: string;
  readonly json?: boolean;
}

/** Adds `tidegate trees install`. */
function addTreesInstall(trees: Command, { config, output }: CommandContext): void {
  trees
    .command('install')
    .description(
      'install onnxruntime-node and a Python environment in the data folder; running it again does nothing',
    )
    .option(
      '--runtime-only',
      'install only onnxruntime-node, which is enough to serve trees and to import versions',
    )
    .option('--python <program>', 'the Python program that creates the environment, 3.11 or later', 'python3')
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  tidegate trees install')
    .action(async ({ runtimeOnly = false, python, json }: Options) => {
      const { dataDir } = config();
      const say = (text: string): void => output.progress(text);
      const folder = treesFolder(dataDir);
      const installed = await interruptible(async (signal) => ({
        runtime: await installOnnxRuntime(folder, say, signal),
        python: runtimeOnly ? false : await installPython(dataDir, python, say, signal),
      }));
      if (!installed) {
        process.exitCode = EXIT_INTERRUPTED;
        return;
      }
      if (json) return output.json({ folder, installed });
      output.line(
        installed.runtime || installed.python
          ? `installed in ${folder}`
          : `everything is already installed, in ${folder} or the project`,
      );
    });
}

/** Adds `tidegate trees worker`. */
function addTreesWorker(trees: Command, { config }: CommandContext): void {
  trees
    .command('worker')
    .description(
      'run a worker that fits gradient-boosted trees, until stopped; `tidegate start --with-python` starts one too',
    )
    .addHelpText('after', '\nExample:\n  DATABASE_URL=… TEMPORAL_ADDRESS=… tidegate trees worker')
    .action(async () => {
      const settings = config();
      await runTreesWorker(settings, await findEndpoints(settings, 'worker'), reportReady);
    });
}

/**
 * Runs the trees worker until SIGINT or SIGTERM.
 *
 * @throws TidegateError BINARY_MISSING if its environment is not installed; SERVER_FAILED if it ends without a signal
 */
async function runTreesWorker(
  config: Pick<Config, 'dataDir' | 'environment' | 'taskQueue'>,
  { databaseUrl, temporal }: Endpoints,
  onReady: () => void,
): Promise<void> {
  const { dataDir } = config;
  await requirePython(dataDir);
  const child = spawn(treesPython(dataDir), ['-m', 'tidegate_trees'], {
    cwd: paths.python,
    // The pipe to its standard input closes when this process ends, even by kill -9, and then the worker ends too.
    stdio: ['pipe', 'pipe', 'inherit'],
    env: {
      ...config.environment,
      DATABASE_URL: databaseUrl,
      TEMPORAL_ADDRESS: temporal.connectionOptions.address,
      TEMPORAL_NAMESPACE: temporal.namespace,
      TIDEGATE_TASK_QUEUE: config.taskQueue,
      TIDEGATE_TREES_PARENT: 'pipe',
      PYTHONDONTWRITEBYTECODE: '1',
    },
  });
  let isStopping = false;
  const stop = (): void => {
    isStopping = true;
    child.kill('SIGTERM');
  };
  process.once('SIGTERM', stop).once('SIGINT', stop);
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (text.includes('ready')) onReady();
    else process.stderr.write(text);
  });
  const how = await new Promise<string>((resolve) => {
    child.once('error', ({ message }) => resolve(message));
    child.once('exit', (code, signal) => resolve(signal ?? `code ${code}`));
  });
  if (!isStopping) throw new TidegateError('SERVER_FAILED', `the trees worker ended with ${how}`);
}
