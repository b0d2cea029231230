// tidegate stop-serving and tidegate start-serving: stop the predictions of a model, and lift that.
import { type Command } from 'commander';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { TidegateError } from '../../domain/errors.ts';
import { byOption, claimedBy, type CommandContext, jsonOption, parseReason } from '../shared/arguments.ts';
import { askApi } from '../shared/ask-api.ts';
import { type Config } from '../shared/config.ts';
import { findApi } from '../shared/endpoints.ts';

interface Options {
  readonly reason?: string;
  readonly by?: string;
  readonly file?: boolean;
  readonly json?: boolean;
}

interface Answer {
  readonly model: string;
  readonly stopped: boolean;
  readonly changed: boolean;
  readonly since: string | null;
  readonly reason: string | null;
  readonly actor: string | null;
}

type Action = 'stop' | 'start';

const DESCRIPTIONS: Record<Action, string> = {
  stop: 'stop the predictions of a model: they answer 503 MODEL_STOPPED until start-serving',
  start: 'let a model that was stopped answer predictions again',
};

const HELP: Record<Action, string> = {
  stop:
    '\nThe version stays in Production; neither a promotion, a rollback nor a restart lifts the stop. Works without Temporal.' +
    '\nIf Postgres or the API is down as well, --file writes the stop file of this machine (TIDEGATE_STOP_FILE), which its API' +
    '\nprocesses read four times a second.\n\nExample:\n  tidegate stop-serving churn --reason "complaints since noon"',
  start: '\nExample:\n  tidegate start-serving churn --reason "the cause was a wrong fee table"',
};

/** Adds `tidegate stop-serving <model>` or `tidegate start-serving <model>`. */
export function addServing(program: Command, { config, output }: CommandContext, action: Action): void {
  program
    .command(`${action}-serving`)
    .description(DESCRIPTIONS[action])
    .argument('<model>', 'name of the model')
    .option('--reason <text>', 'why; recorded with the change', parseReason)
    .addOption(byOption('who asks'))
    .option('--file', 'change the stop file of this machine instead of asking the API')
    .addOption(jsonOption())
    .addHelpText('after', HELP[action])
    .action(async (model: string, { reason, by, file, json }: Options) => {
      if (file) {
        const stopped = await changeFile(config(), model, action);
        return json ? output.json(stopped) : output.line(describeFile(stopped));
      }
      if (reason === undefined) {
        throw new TidegateError('INVALID_REQUEST', `${action}-serving needs a reason`, {
          remedy: 'Add --reason "<why>".',
        });
      }
      const body = { reason, ...claimedBy(by) };
      const answer = await askApi<Answer>(await findApi(config()), 'POST', ['models', model, action], body);
      return json ? output.json(answer) : output.line(describe(answer));
    });
}

function describe({ model, stopped, changed, since, actor, reason }: Answer): string {
  const state = stopped ? 'answers no predictions' : 'answers predictions';
  if (!changed && since === null) return `${model} ${state}; it was never stopped`;
  const already = changed ? '' : 'already ';
  return `${model} ${already}${state}: ${stopped ? 'stopped' : 'started'} by ${actor} at ${since}: ${reason}`;
}

interface FileState {
  readonly file: string;
  /** The models that the file stops; `all` if it lists none. */
  readonly stopped: 'all' | readonly string[];
}

const describeFile = ({ file, stopped }: FileState): string =>
  stopped === 'all'
    ? `${file} stops all models`
    : stopped.length === 0
      ? `${file} is gone and stops no model`
      : `${file} stops ${stopped.join(', ')}`;

/** Adds a model to the stop file or takes it out; a file that would stop none is removed. */
async function changeFile({ stopFile }: Config, model: string, action: Action): Promise<FileState> {
  const before = await readStopFile(stopFile);
  if (before?.length === 0) {
    if (action === 'stop') return { file: stopFile, stopped: 'all' };
    throw new TidegateError('INVALID_REQUEST', `${stopFile} stops all models, because it lists none`, {
      remedy: `Remove the file, or list in it the models that stay stopped.`,
    });
  }
  const others = (before ?? []).filter((name) => name !== model);
  const stopped = action === 'stop' ? [...others, model] : others;
  if (stopped.length === 0) {
    await rm(stopFile, { force: true });
  } else {
    await mkdir(dirname(stopFile), { recursive: true });
    // Renamed into place, because a file that is empty for a moment would stop all models.
    await writeFile(`${stopFile}.new`, `${stopped.join('\n')}\n`);
    await rename(`${stopFile}.new`, stopFile);
  }
  return { file: stopFile, stopped };
}

async function readStopFile(file: string): Promise<string[] | undefined> {
  try {
    const lines = (await readFile(file, 'utf8')).split('\n').map((line) => line.trim());
    return lines.filter((line) => line !== '' && !line.startsWith('#'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
