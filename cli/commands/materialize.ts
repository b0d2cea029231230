// tidegate materialize: brings the online rows of a model up to date.
import { type Command, Option } from 'commander';
import { TidegateError } from '../../domain/errors.ts';
import { refuseFuture } from '../../domain/model/future-instant.ts';
import { type MaterializeResult } from '../../workflows/protocol/messages.ts';
import {
  asOfOption,
  byOption,
  claimedBy,
  type CommandContext,
  futureOption,
  jsonOption,
  parseInstant,
  parseNumber,
} from '../shared/arguments.ts';
import { askApi, follow, UNHURRIED_MS } from '../shared/ask-api.ts';
import { type Config } from '../shared/config.ts';
import { findApi } from '../shared/endpoints.ts';
import { type Output } from '../output/output.ts';

interface Options {
  readonly asOf?: Date;
  readonly full?: true;
  readonly reset?: true;
  readonly future?: true;
  readonly from?: Date;
  readonly to?: Date;
  readonly definition?: number;
  readonly by?: string;
  readonly wait: boolean;
  readonly json?: boolean;
}

/** Adds `tidegate materialize <model>`. */
export function addMaterialize(program: Command, { config, output }: CommandContext): void {
  program
    .command('materialize')
    .description(
      'bring the online rows of every definition in use up to an instant, processing only what has changed',
    )
    .argument('<model>', 'name of the model')
    .addOption(asOfOption('as-of instant of the rows (default: now)'))
    .addOption(futureOption())
    .option('--full', 'process every entity, and remove the rows of entities that no longer exist')
    .addOption(
      new Option(
        '--reset',
        'rebuild every row as of the instant, even rows with a later as-of; undoes a run with an instant in the future',
      ).conflicts(['full', 'from', 'to', 'definition']),
    )
    .addOption(
      new Option('--from <instant>', 'only entities with a source row after this instant; needs --to')
        .argParser(parseInstant)
        .conflicts(['full', 'asOf']),
    )
    .addOption(
      new Option(
        '--to <instant>',
        'end of the range that starts at --from; the rows are brought up to this instant, or to the as-of of the other online rows if that is later',
      )
        .argParser(parseInstant)
        .conflicts(['full', 'asOf']),
    )
    .addOption(
      new Option(
        '--definition <number>',
        'process only this definition version, even if it is not in use',
      ).argParser(parseNumber),
    )
    .addOption(byOption('who requests the run; shown with the run'))
    .option('--no-wait', 'start the run and return')
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  tidegate materialize churn --as-of 2024-02-29')
    .action((model: string, options: Options) => materialize(config(), model, options, output));
}

async function materialize(config: Config, model: string, options: Options, output: Output): Promise<void> {
  const { json } = options;
  refuseFuture({ '--as-of': options.asOf, '--to': options.to }, options.future);
  const api = await findApi(config);
  const { asOf, workflowId } = await askApi<{ asOf: string; workflowId: string }>(
    api,
    'POST',
    ['models', model, 'materialize'],
    bodyOf(options),
    UNHURRIED_MS,
  );
  if (!options.wait) {
    if (json) return output.json({ model, asOf, workflowId });
    return output.line(`started ${workflowId}`);
  }
  const say = (text: string): void => output.progress(text);
  const result = await follow<MaterializeResult>(api, model, { run: 'materialize' }, { say });
  if (json) {
    const { definitions, removedDefinitions } = result;
    return output.json({ model, asOf: result.asOf, definitions, removedDefinitions });
  }
  for (const { words } of result.definitions) output.line(`${model}, ${words}`);
  for (const version of result.removedDefinitions)
    output.line(`${model}, definition ${version}: no longer in use, its rows were removed`);
}

function bodyOf({ asOf, full, reset, from, to, definition, future, by }: Options): object {
  const isRange = from !== undefined || to !== undefined;
  if (isRange && (from === undefined || to === undefined || from >= to)) {
    throw new TidegateError(
      'INVALID_REQUEST',
      '--from and --to must be given together, and --from must be earlier',
      { remedy: 'Give both, such as --from 2024-02-01 --to 2024-02-29.' },
    );
  }
  return {
    ...(asOf && { asOf }),
    ...(from && { from }),
    ...(to && { to }),
    ...(full && { full }),
    ...(reset && { reset }),
    ...(future && { future }),
    ...(definition !== undefined && { definitionVersion: definition }),
    ...claimedBy(by),
  };
}
