// Entry point of the `tidegate` command: reads settings, runs one command, prints its error and sets the exit code.
import { readFileSync } from 'node:fs';
import { CommanderError } from 'commander';
import { excerpt } from '../domain/excerpt.ts';
import { type Config, ENVIRONMENT_ONLY, readConfig, readDotenv } from './shared/config.ts';
import { explainError } from '../operations/explain-error.ts';
import { errorLines, EXIT_FAILED, EXIT_USAGE } from './output/explain-error.ts';
import { Output } from './output/output.ts';
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

/** Reads the settings from the environment and a `.env` file; the environment takes precedence. */
function readSettings({ data }: GlobalOptions): Config {
  const { settings, ignored } = readDotenv(textOf(DOTENV));
  if (ignored.length > 0) {
    const names = ignored.slice(0, MAX_NAMES).map((name) => excerpt(name));
    const more = ignored.length > MAX_NAMES ? ` and ${ignored.length - MAX_NAMES} more` : '';
    process.stderr.write(
      `${DOTENV}: ignored ${names.join(', ')}${more}; only TIDEGATE_…, TEMPORAL_… and DATABASE_URL are read from this file, except ${ENVIRONMENT_ONLY.join(' and ')}\n`,
    );
  }
  for (const [name, value] of Object.entries(settings)) process.env[name] ??= value;
  return readConfig({ ...process.env, ...(data !== undefined && { TIDEGATE_DATA_DIR: data }) });
}

const MAX_NAMES = 10;

/** Returns the text of a file; an empty text if it does not exist. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

// The reader of a pipe may close it early: `tidegate report churn | head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

process.exitCode = await main();
