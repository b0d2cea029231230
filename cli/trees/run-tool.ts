// Runs npm, Python or pip to its end; what it printed is told only where it fails.
import { spawn } from 'node:child_process';
import { TidegateError } from '../../domain/errors.ts';

const LAST_LINES = 15;

/**
 * Runs a program.
 *
 * @returns what it printed
 * @throws TidegateError BINARY_MISSING where there is no such program; SERVER_FAILED with its last lines where it fails
 * @example await runTool('python3', ['-m', 'venv', folder]);
 */
export function runTool(
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
