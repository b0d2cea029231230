// tidegate monitor: measures a window now, and follows the retrain that may result from it.
import { type Command } from 'commander';
import { TidegateError } from '../../domain/errors.ts';
import { type Database } from '../../store/postgres/database.ts';
import { getDefinition } from '../../store/definitions/definitions.ts';
import { newestRowTime } from '../../store/join/newest-labelled-time.ts';
import { getReport } from '../../store/registry/reports.ts';
import {
  asOfOption,
  byOption,
  type CommandContext,
  futureOption,
  jsonOption,
  refuseFuture,
} from '../shared/arguments.ts';
import { type Services, withServices } from '../shared/connections.ts';
import { type Output } from '../output/output.ts';
import { printReport } from '../output/report-tables.ts';
import {
  followedJson,
  followMonitor,
  followToApproval,
  printFollowed,
  startMonitor,
} from '../runs/follow-to-approval.ts';
import { EXIT_FAILED } from '../output/explain-error.ts';

interface Options {
  readonly asOf?: Date;
  readonly future?: true;
  readonly by: string;
  readonly wait: boolean;
  readonly follow: boolean;
  readonly json?: boolean;
}

/** Adds `tidegate monitor <model>`. */
export function addMonitor(program: Command, { config, output }: CommandContext): void {
  program
    .command('monitor')
    .description(
      'measure a window, decide whether to retrain, and follow the retrain until a version waits for approval',
    )
    .argument('<model>', 'name of the model')
    .addOption(asOfOption('end of the window (default: the newest row time)'))
    .addOption(futureOption())
    .addOption(byOption('who requests the run; this person may not approve the resulting version'))
    .option('--no-wait', 'start the run and return')
    .option('--no-follow', 'wait for the report, but not for the retrain that it requests')
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  tidegate monitor churn --as-of 2024-02-29')
    .action((model: string, options: Options) =>
      withServices(config(), (services) => monitor(services, model, options, output)),
    );
}

async function monitor(services: Services, model: string, options: Options, output: Output): Promise<void> {
  const { by: requestedBy, json } = options;
  refuseFuture({ '--as-of': options.asOf }, options.future);
  const asOf = options.asOf ?? (await newestTime(services.database, model));
  refuseFuture({ 'the newest row time': asOf }, options.future);
  await getDefinition(services.database, model);
  const run = await startMonitor(services, { model, asOf, requestedBy });
  if (!options.wait) {
    if (json) return output.json({ model, asOf, workflowId: run.workflowId });
    return output.line(`started ${run.workflowId} as of ${asOf.toISOString()}`);
  }

  const say = (text: string): void => output.progress(text);
  say(`monitoring ${model} as of ${asOf.toISOString()}`);
  const result = await followMonitor(services, run, say);
  if (!json) printReport(output, await getReport(services.database, result.reportId));
  if (result.retrainId !== null && options.follow) {
    say(`retraining ${model}: ${result.retrainId}`);
    const followed = await followToApproval(services, model, result.retrainId, say);
    if (followed.isJudgementFailed) process.exitCode = EXIT_FAILED;
    if (json) return output.json({ model, asOf, ...result, retrain: followedJson(followed) });
    output.line();
    return printFollowed(output, followed);
  }
  if (json) return output.json({ model, asOf, ...result, retrain: null });
  if (result.retrainId !== null) output.line(`a retrain was requested: \`tidegate runs ${model}\` shows it`);
}

async function newestTime(database: Database, model: string): Promise<Date> {
  const { definition } = await getDefinition(database, model);
  const newest = await newestRowTime(database, definition);
  if (newest) return newest;
  throw new TidegateError('EMPTY_WINDOW', `${definition.rows.table}, the entity table of ${model}, is empty`);
}
