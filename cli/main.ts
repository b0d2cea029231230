// The `tidegate` command: reads settings, runs one command, tells its failure and sets the exit code.
import { existsSync } from 'node:fs';
import { loadEnvFile } from 'node:process';
import { CommanderError } from 'commander';
import { type Config, readConfig } from './config.ts';
import { explainError } from './explain-error.ts';
import { Output } from './output/output.ts';
import { errorLines, EXIT_FAILED, EXIT_USAGE } from './print-error.ts';
import { buildProgram } from './program.ts';

const DOTENV = '.env';

async function main(): Promise<number> {
  const { stdout, stderr } = process;
  const output = new Output({ stdout, stderr, colour: !process.env['NO_COLOR'] });
  let config: Config | undefined;
  const program = buildProgram({
    output,
    config: () => (config ??= readSettings(program.opts<GlobalOptions>())),
  });
  try {
    await program.parseAsync();
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE;
    const lines = errorLines(explainError(error), { stack: Boolean(process.env['TIDEGATE_DEBUG']) });
    for (const line of lines) stderr.write(`${line}\n`);
    return EXIT_FAILED;
  }
}

interface GlobalOptions {
  readonly data?: string;
}

/** The environment, completed by a `.env` file, whose values never replace what is set. */
function readSettings({ data }: GlobalOptions): Config {
  if (existsSync(DOTENV)) loadEnvFile(DOTENV);
  return readConfig({ ...process.env, ...(data !== undefined && { TIDEGATE_DATA_DIR: data }) });
}

// Whoever reads the answer may have read enough: `tidegate report churn | head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

process.exitCode = await main();
