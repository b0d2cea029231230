// Runs the trees worker: Python, as a child that ends with this process however it ends.
import { spawn } from 'node:child_process';
import { TidegateError } from '../../domain/errors.ts';
import { type Config } from '../config.ts';
import { type Endpoints } from '../endpoints.ts';
import { PYTHON_SOURCES, requirePython } from './install-python.ts';
import { treesPython } from './trees-folder.ts';

/**
 * Runs it until SIGINT or SIGTERM, or until it ends by itself.
 *
 * @throws TidegateError BINARY_MISSING where its environment is not installed; SERVER_FAILED where it ends by itself
 */
export async function runTreesWorker(
  config: Pick<Config, 'dataDir' | 'environment' | 'taskQueue'>,
  { databaseUrl, temporal }: Endpoints,
  onReady: () => void,
): Promise<void> {
  const { dataDir } = config;
  await requirePython(dataDir);
  const child = spawn(treesPython(dataDir), ['-m', 'tidegate_trees'], {
    cwd: PYTHON_SOURCES,
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
