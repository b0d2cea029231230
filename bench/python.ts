// Installs the Python packages that a bench compares with, in a virtual environment of its own.
import { createHash } from 'node:crypto';
import { execFile } from 'node:child_process';
import { access } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const BIG_OUTPUT = 64 * 2 ** 20;

/** Runs a Python program and returns its output parsed as JSON. */
export type Python = (program: string, ...args: string[]) => Promise<unknown>;

/**
 * Returns a Python with the packages, which are installed by pip on first use and kept in the temporary folder.
 *
 * @param packages as pip names them, with versions
 * @returns undefined, after writing the reason to stderr, if there is no Python or pip cannot install the packages
 * @example const python = await pythonWith('scikit-learn==1.9.0');
 */
export async function pythonWith(...packages: string[]): Promise<Python | undefined> {
  const name = createHash('sha256').update(packages.join('\n')).digest('hex').slice(0, 12);
  const folder = join(tmpdir(), `tidegate-bench-python-${name}`);
  const python = join(folder, 'bin', 'python');
  const finished = join(folder, 'installed');
  try {
    if (!(await exists(finished))) {
      process.stderr.write(`installing ${packages.join(', ')} …\n`);
      await run('python3', ['-m', 'venv', folder]);
      await run(python, ['-m', 'pip', 'install', '--quiet', ...packages], { maxBuffer: BIG_OUTPUT });
      await run(python, ['-c', `open(${JSON.stringify(finished)}, 'w').close()`]);
    }
  } catch (error) {
    process.stderr.write(
      `skipping the comparison with Python packages: ${error instanceof Error ? error.message : String(error)}\n`,
    );
    return undefined;
  }
  return async (program, ...args) => {
    const { stdout } = await run(python, ['-c', program, ...args], { maxBuffer: BIG_OUTPUT });
    return JSON.parse(stdout) as unknown;
  };
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
