// tidegate trees: what gradient-boosted trees and models in ONNX need beside Node.
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
import { type Endpoints, findEndpoints } from '../shared/endpoints.ts';
import { spawn } from 'node:child_process';
import { TidegateError } from '../../domain/errors.ts';
import { type Config } from '../shared/config.ts';

/** Adds `tidegate trees install` and `tidegate trees worker`. */
export function addTrees(program: Command, context: CommandContext): void {
  const trees = program.command('trees').description('what trees and models in ONNX need beside Node');
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
      'install onnxruntime-node and an environment of Python beside the data; again it does nothing',
    )
    .option('--runtime-only', 'onnxruntime-node alone: enough to serve trees and to import versions')
    .option('--python <program>', 'the Python that makes the environment, 3.11 or later', 'python3')
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  tidegate trees install')
    .action(async ({ runtimeOnly = false, python, json }: Options) => {
      const { dataDir } = config();
      const say = (text: string): void => output.progress(text);
      const runtime = await installOnnxRuntime(treesFolder(dataDir), say);
      const environment = runtimeOnly ? false : await installPython(dataDir, python, say);
      const folder = treesFolder(dataDir);
      if (json) return output.json({ folder, installed: { runtime, python: environment } });
      output.line(
        runtime || environment
          ? `installed in ${folder}`
          : `everything is there already, in ${folder} or the project`,
      );
    });
}

/** Adds `tidegate trees worker`. */
function addTreesWorker(trees: Command, { config }: CommandContext): void {
  trees
    .command('worker')
    .description('fit gradient-boosted trees until stopped; `tidegate start --with-python` starts one')
    .addHelpText('after', '\nExample:\n  DATABASE_URL=… TEMPORAL_ADDRESS=… tidegate trees worker')
    .action(async () => {
      const settings = config();
      await runTreesWorker(settings, await findEndpoints(settings), reportReady);
    });
}

/**
 * Runs it until SIGINT or SIGTERM, or until it ends by itself.
 *
 * @throws TidegateError BINARY_MISSING where its environment is not installed; SERVER_FAILED where it ends by itself
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
    // Its standard input ends with this process: so nothing is left behind by a kill -9.
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
  let asked = false;
  const stop = (): void => {
    asked = true;
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
  if (!asked) throw new TidegateError('SERVER_FAILED', `the trees worker ended with ${how}`);
}
