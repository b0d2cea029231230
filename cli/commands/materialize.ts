// tidegate materialize: brings the online rows of a model up to date.
import { type Command, Option } from 'commander';
import { TidegateError } from '../../domain/errors.ts';
import { keepsOnline } from '../../domain/model/definition.ts';
import { type Database } from '../../store/postgres/database.ts';
import { getDefinition } from '../../store/definitions/definitions.ts';
import { newestRowTime } from '../../store/join/newest-labelled-time.ts';
import { onlineStates } from '../../store/online/watermark.ts';
import {
  type MaterializeInput,
  type MaterializeResult,
  materializeStateQuery,
  searchAttributes,
  workflowIds,
  workflowTypes,
} from '../../workflows/protocol/messages.ts';
import {
  asOfOption,
  byOption,
  type CommandContext,
  futureOption,
  jsonOption,
  parseInstant,
  parseNumber,
  refuseFuture,
} from '../shared/arguments.ts';
import { type Services, withServices } from '../shared/connections.ts';
import { type Output } from '../output/output.ts';
import { type WorkflowHandle } from '@temporalio/client';
import { followRun, isRunning, type Say } from '../runs/follow-run.ts';

interface Options {
  readonly asOf?: Date;
  readonly full?: true;
  readonly reset?: true;
  readonly future?: true;
  readonly from?: Date;
  readonly to?: Date;
  readonly definition?: number;
  readonly by: string;
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
    .action((model: string, options: Options) =>
      withServices(config(), (services) => materialize(services, model, options, output)),
    );
}

async function materialize(
  services: Services,
  model: string,
  options: Options,
  output: Output,
): Promise<void> {
  const { json } = options;
  refuseFuture({ '--as-of': options.asOf, '--to': options.to }, options.future);
  const input = { ...inputOf(model, options), requestedBy: options.by };
  await checkModel(services.database, model, options.definition);
  const run = await startMaterialize(services, input);
  if (!options.wait) {
    if (json) return output.json({ model, asOf: input.range?.to ?? input.asOf, workflowId: run.workflowId });
    return output.line(`started ${run.workflowId}`);
  }
  const result = await followMaterialize(services, run, (text) => output.progress(text));
  if (json) {
    const { asOf, definitions, removedDefinitions } = result;
    return output.json({ model, asOf, definitions, removedDefinitions });
  }
  for (const { words } of result.definitions) output.line(`${model}, ${words}`);
  for (const version of result.removedDefinitions)
    output.line(`${model}, definition ${version}: no longer in use, its rows were removed`);
}

function inputOf(
  model: string,
  { asOf = new Date(), full, reset, from, to, definition }: Options,
): MaterializeInput {
  const which = definition === undefined ? {} : { definitionVersion: definition };
  if (from === undefined && to === undefined)
    return { model, asOf: asOf.toISOString(), ...(full && { full }), ...(reset && { reset }), ...which };
  if (from === undefined || to === undefined || from >= to) {
    throw new TidegateError(
      'INVALID_REQUEST',
      '--from and --to must be given together, and --from must be earlier',
      {
        remedy: 'Give both, such as --from 2024-02-01 --to 2024-02-29.',
      },
    );
  }
  return { model, range: { from: from.toISOString(), to: to.toISOString() }, ...which };
}

/** Fails immediately, before a run is started, with the errors that the run would end with. */
async function checkModel(database: Database, model: string, version: number | undefined): Promise<void> {
  const newest = await getDefinition(database, model);
  if (version !== undefined && version > newest.version) {
    throw new TidegateError(
      'INVALID_REQUEST',
      `${model} has no definition ${version}; the newest is ${newest.version}`,
      { remedy: 'Give the number of an existing definition version.' },
    );
  }
  // If an earlier definition still has online rows, the run has something to update or remove.
  if (!keepsOnline(newest.definition) && (await onlineStates(database, model)).length === 0) {
    throw new TidegateError('ONLINE_OFF', `${model} keeps no online rows (online: 'off')`);
  }
  if (await newestRowTime(database, newest.definition)) return;
  throw new TidegateError(
    'EMPTY_WINDOW',
    `${newest.definition.rows.table}, the entity table of ${model}, is empty, so there is nothing to materialize`,
  );
}

/** Starts a materialize run. @throws WorkflowExecutionAlreadyStartedError while another one started by hand is running */
const startMaterialize = (
  { client, taskQueue }: Pick<Services, 'client' | 'taskQueue'>,
  input: MaterializeInput,
): Promise<WorkflowHandle> =>
  client.workflow.start(workflowTypes.materialize, {
    workflowId: workflowIds.materialize(input.model),
    taskQueue,
    args: [input],
    typedSearchAttributes: [{ key: searchAttributes.model, value: input.model }],
    staticSummary: `Materialize ${input.model} as of ${input.range?.to ?? input.asOf}, requested by ${input.requestedBy}`,
  });

/** Waits for a materialize run and returns its result. */
const followMaterialize = (
  { client }: Pick<Services, 'client'>,
  run: WorkflowHandle,
  say: Say,
): Promise<MaterializeResult> =>
  followRun({
    client,
    run,
    look: async () => ((await isRunning(run)) ? undefined : ((await run.result()) as MaterializeResult)),
    step: async () => (await run.query(materializeStateQuery)).step,
    say,
  });
