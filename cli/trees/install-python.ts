// Makes Python's environment for the trees worker.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TidegateError } from '../../domain/errors.ts';
import { runTool } from './run-tool.ts';
import { treesFolder, treesPython } from './trees-folder.ts';

/** The folder of the worker's sources. */
export const PYTHON_SOURCES = fileURLToPath(new URL('../../python', import.meta.url));

const requirements = join(PYTHON_SOURCES, 'requirements.txt');
const LEAST_MINOR = 11;

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
  if (!(minor >= LEAST_MINOR))
    throw new TidegateError(
      'BINARY_MISSING',
      `${python} is Python 3.${minor}; 3.${LEAST_MINOR} or later is needed`,
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
