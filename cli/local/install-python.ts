// Installs what gradient-boosted trees need: the ONNX runtime for Node, and a Python environment for the trees worker.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { paths } from '../../paths.ts';
import { TidegateError } from '../../domain/errors.ts';
import { lookForOnnxRuntimeIn, ONNX_RUNTIME, openOnnxRuntime } from '../../scoring/onnx-runtime.ts';
import { CommandError, runCommand } from './processes/run-command.ts';

const requirements = join(paths.python, 'requirements.txt');
const MIN_MINOR = 11;

const markOf = (dataDir: string): string => join(treesFolder(dataDir), 'venv', 'tidegate-requirements');
const digestOfRequirements = async (): Promise<string> =>
  createHash('sha256')
    .update(await readFile(requirements))
    .digest('hex');

/** Whether the environment exists, with the packages that this release requires. */
export async function hasPython(dataDir: string): Promise<boolean> {
  const mark = markOf(dataDir);
  return existsSync(mark) && (await readFile(mark, 'utf8')) === (await digestOfRequirements());
}

/** @throws TidegateError BINARY_MISSING if the environment does not exist */
export async function requirePython(dataDir: string): Promise<void> {
  if (await hasPython(dataDir)) return;
  throw new TidegateError('BINARY_MISSING', `there is no Python environment for trees in ${dataDir}`, {
    remedy: 'Run `tidegate trees install`.',
  });
}

/**
 * Creates the Python environment, unless it exists with the right packages.
 *
 * @param python the Python program that creates it
 * @returns whether it was created now
 * @throws TidegateError BINARY_MISSING if there is no Python 3.11 or later; SERVER_FAILED with pip's last lines
 * @throws the signal's reason when aborted
 */
export async function installPython(
  dataDir: string,
  python: string,
  say: (text: string) => void,
  signal?: AbortSignal,
): Promise<boolean> {
  if (await hasPython(dataDir)) return false;
  const run = (program: string, args: readonly string[]) => install(program, args, { signal });
  const minor = Number(await run(python, ['-c', 'import sys; print(sys.version_info[1])']));
  if (!(minor >= MIN_MINOR))
    throw new TidegateError(
      'BINARY_MISSING',
      `${python} is Python 3.${minor}; 3.${MIN_MINOR} or later is needed`,
      { remedy: 'Name another one with --python.' },
    );
  say('creating a Python environment with LightGBM and the Temporal SDK (about 350 MB)');
  await run(python, ['-m', 'venv', '--clear', join(treesFolder(dataDir), 'venv')]);
  await run(treesPython(dataDir), [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--disable-pip-version-check',
    '--no-deps',
    '--requirement',
    requirements,
  ]);
  // If a system library is missing, this fails now and not at the first training.
  await run(treesPython(dataDir), ['-c', 'import lightgbm, onnx, psycopg, temporalio']);
  await writeFile(markOf(dataDir), await digestOfRequirements());
  return true;
}

/**
 * Installs the ONNX runtime, unless the project or the folder has it. Does not run its install script, which only fetches
 * files for graphics cards.
 *
 * @returns whether it was installed now
 * @throws TidegateError SERVER_FAILED with npm's last lines
 * @throws the signal's reason when aborted
 */
export async function installOnnxRuntime(
  folder: string,
  say: (text: string) => void,
  signal?: AbortSignal,
): Promise<boolean> {
  lookForOnnxRuntimeIn(folder);
  if (isThere()) return false;
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), '{ "private": true }\n');
  say(`installing ${ONNX_RUNTIME.name} ${ONNX_RUNTIME.version} (about 290 MB)`);
  await install(
    process.platform === 'win32' ? 'npm.cmd' : 'npm',
    [
      'install',
      '--no-audit',
      '--no-fund',
      '--ignore-scripts',
      '--save-exact',
      `${ONNX_RUNTIME.name}@${ONNX_RUNTIME.version}`,
    ],
    { cwd: folder, signal },
  );
  openOnnxRuntime();
  return true;
}

function isThere(): boolean {
  try {
    openOnnxRuntime();
    return true;
  } catch (error) {
    if (error instanceof TidegateError) return false;
    throw error;
  }
}

/**
 * Runs a program that installs something, without a time limit.
 *
 * @returns what it printed to standard output
 * @throws TidegateError BINARY_MISSING if the program cannot be started; SERVER_FAILED with its last lines if it fails
 */
async function install(
  program: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly signal: AbortSignal | undefined },
): Promise<string> {
  try {
    return await runCommand(program, args, { ...options, timeout: null });
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    if (!error.isStarted)
      throw new TidegateError('BINARY_MISSING', `${program} cannot be run: ${error.message}`, {
        cause: error,
      });
    const command = [program, ...args].join(' ');
    throw new TidegateError('SERVER_FAILED', `${command} failed:\n${error.lastLines}`, { cause: error });
  }
}

/** Folder of the ONNX runtime and the Python environment. @example treesFolder('.tidegate') // '.tidegate/trees' */
export const treesFolder = (dataDir: string): string => join(dataDir, 'trees');

/** The Python program of the environment. */
export const treesPython = (dataDir: string): string =>
  process.platform === 'win32'
    ? join(treesFolder(dataDir), 'venv', 'Scripts', 'python.exe')
    : join(treesFolder(dataDir), 'venv', 'bin', 'python');
