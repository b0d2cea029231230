// Makes Python's environment for the trees worker.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { paths } from '../../paths.ts';
import { TidegateError } from '../../domain/errors.ts';
import { lookForOnnxRuntimeIn, ONNX_RUNTIME, openOnnxRuntime } from '../../scoring/onnx-runtime.ts';
import { spawn } from 'node:child_process';

const requirements = join(paths.python, 'requirements.txt');
const MIN_MINOR = 11;

const markOf = (dataDir: string): string => join(treesFolder(dataDir), 'venv', 'tidegate-requirements');
const digestOfRequirements = async (): Promise<string> =>
  createHash('sha256')
    .update(await readFile(requirements))
    .digest('hex');

/** Whether the environment is there, with the packages of this Tidegate. */
export async function hasPython(dataDir: string): Promise<boolean> {
  const mark = markOf(dataDir);
  return existsSync(mark) && (await readFile(mark, 'utf8')) === (await digestOfRequirements());
}

/** @throws TidegateError BINARY_MISSING where the environment is not there */
export async function requirePython(dataDir: string): Promise<void> {
  if (await hasPython(dataDir)) return;
  throw new TidegateError('BINARY_MISSING', `no environment of Python for trees is in ${dataDir}`, {
    remedy: 'Run `tidegate trees install`.',
  });
}

/**
 * Makes the environment anew, unless it is there.
 *
 * @param python the program that makes it; @returns whether it was made now
 * @throws TidegateError BINARY_MISSING where there is no Python of 3.11 or later; SERVER_FAILED with pip's last lines
 */
export async function installPython(
  dataDir: string,
  python: string,
  say: (text: string) => void,
): Promise<boolean> {
  if (await hasPython(dataDir)) return false;
  const minor = Number((await runTool(python, ['-c', 'import sys; print(sys.version_info[1])'])).trim());
  if (!(minor >= MIN_MINOR))
    throw new TidegateError(
      'BINARY_MISSING',
      `${python} is Python 3.${minor}; 3.${MIN_MINOR} or later is needed`,
      {
        remedy: 'Name another with --python.',
      },
    );
  say('making an environment of Python with LightGBM and the SDK of Temporal (about 350 MB)');
  await runTool(python, ['-m', 'venv', '--clear', join(treesFolder(dataDir), 'venv')]);
  await runTool(treesPython(dataDir), [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--disable-pip-version-check',
    '--no-deps',
    '--requirement',
    requirements,
  ]);
  // Fails here and not at the first training, where a library of the system is missing.
  await runTool(treesPython(dataDir), ['-c', 'import lightgbm, onnx, psycopg, temporalio']);
  await writeFile(markOf(dataDir), await digestOfRequirements());
  return true;
}

/**
 * Installs the runtime, unless the project or the folder has it. Its install script is not run: it fetches what only a
 * graphics card needs.
 *
 * @returns whether it was installed now
 * @throws TidegateError SERVER_FAILED with npm's last lines
 */
export async function installOnnxRuntime(folder: string, say: (text: string) => void): Promise<boolean> {
  lookForOnnxRuntimeIn(folder);
  if (isThere()) return false;
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), '{ "private": true }\n');
  say(`installing ${ONNX_RUNTIME.name} ${ONNX_RUNTIME.version} (about 290 MB)`);
  await runTool(
    process.platform === 'win32' ? 'npm.cmd' : 'npm',
    [
      'install',
      '--no-audit',
      '--no-fund',
      '--ignore-scripts',
      '--save-exact',
      `${ONNX_RUNTIME.name}@${ONNX_RUNTIME.version}`,
    ],
    { cwd: folder },
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

const LAST_LINES = 15;

/**
 * Runs a program.
 *
 * @returns what it printed
 * @throws TidegateError BINARY_MISSING where there is no such program; SERVER_FAILED with its last lines where it fails
 * @example await runTool('python3', ['-m', 'venv', folder]);
 */
function runTool(
  program: string,
  args: readonly string[],
  { cwd }: { readonly cwd?: string } = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    let printed = '';
    // What it installs is run later: nobody else may change it.
    const umask = process.umask(0o077);
    const child = spawn(program, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    process.umask(umask);
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (printed += text));
    child.on('error', (cause) =>
      reject(new TidegateError('BINARY_MISSING', `${program} cannot be run: ${cause.message}`, { cause })),
    );
    child.on('close', (code) => {
      if (code === 0) return resolve(printed);
      const last = printed.trimEnd().split('\n').slice(-LAST_LINES).join('\n');
      reject(
        new TidegateError('SERVER_FAILED', `${program} ${args.join(' ')} ended with code ${code}:\n${last}`),
      );
    });
  });
}

/** The folder of the runtime and of Python's environment. @example treesFolder('.tidegate') // '.tidegate/trees' */
export const treesFolder = (dataDir: string): string => join(dataDir, 'trees');

/** Python of the environment. */
export const treesPython = (dataDir: string): string =>
  process.platform === 'win32'
    ? join(treesFolder(dataDir), 'venv', 'Scripts', 'python.exe')
    : join(treesFolder(dataDir), 'venv', 'bin', 'python');
