// tidegate monitor: measures a window now, and follows the retrain that may result from it.
import { type Command } from 'commander';
import { getReport } from '../../store/registry/reports.ts';
import { type MonitorResult } from '../../workflows/protocol/messages.ts';
import {
  asOfOption,
  byOption,
  claimedBy,
  type CommandContext,
  futureOption,
  jsonOption,
} from '../shared/arguments.ts';
import { askApi, follow, UNHURRIED_MS } from '../shared/ask-api.ts';
import { type Config } from '../shared/config.ts';
import { withDatabase } from '../shared/connections.ts';
import { findApi } from '../shared/endpoints.ts';
import { EXIT_FAILED } from '../output/explain-error.ts';
import { type Output } from '../output/output.ts';
import { printReport } from '../output/report-tables.ts';
import { followedJson, followRetrain, printFollowed } from '../runs/followed.ts';

interface Options {
  readonly asOf?: Date;
  readonly future?: true;
  readonly by?: string;
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
    .action((model: string, options: Options) => monitor(config(), model, options, output));
}

async function monitor(config: Config, model: string, options: Options, output: Output): Promise<void> {
  const { json } = options;
  const api = await findApi(config);
  const { asOf, workflowId } = await askApi<{ asOf: string; workflowId: string }>(
    api,
    'POST',
    ['models', model, 'monitor'],
    {
      ...(options.asOf && { asOf: options.asOf }),
      ...(options.future && { future: true }),
      ...claimedBy(options.by),
    },
    UNHURRIED_MS,
  );
  if (!options.wait) {
    if (json) return output.json({ model, asOf, workflowId });
    return output.line(`started ${workflowId} as of ${asOf}`);
  }

  const say = (text: string): void => output.progress(text);
  say(`monitoring ${model} as of ${asOf}`);
  const result = await follow<MonitorResult>(api, model, { run: 'monitor' }, { say });
  if (!json) {
    const report = await withDatabase(config, (database) => getReport(database, result.reportId));
    printReport(output, report);
  }
  const { retrainId } = result;
  if (retrainId !== null && options.follow) {
    say(`retraining ${model}: ${retrainId}`);
    const followed = await followRetrain(config, api, { model, retrainId }, { say });
    if (followed.isJudgementFailed) process.exitCode = EXIT_FAILED;
    if (json) return output.json({ model, asOf, ...result, retrain: followedJson(followed) });
    output.line();
    return printFollowed(output, followed);
  }
  if (json) return output.json({ model, asOf, ...result, retrain: null });
  if (retrainId !== null) output.line(`a retrain was requested: \`tidegate runs ${model}\` shows it`);
}
