// tidegate retrain: requests a retrain by hand and follows it.
import { type Command } from 'commander';
import { requestRetrain } from '../../activities/request-retrain.ts';
import { getDefinition } from '../../store/definitions/definitions.ts';
import {
  asOfOption,
  byOption,
  type CommandContext,
  futureOption,
  jsonOption,
  refuseFuture,
} from '../shared/arguments.ts';
import { withServices } from '../shared/connections.ts';
import { followedJson, followToApproval, printFollowed } from '../runs/follow-to-approval.ts';
import { EXIT_FAILED } from '../output/explain-error.ts';

interface Options {
  readonly asOf?: Date;
  readonly future?: true;
  readonly by: string;
  readonly wait: boolean;
  readonly json?: boolean;
}

/** Adds `tidegate retrain <model>`. */
export function addRetrain(program: Command, { config, output }: CommandContext): void {
  program
    .command('retrain')
    .description(
      'train a candidate now, compare it with the champion, and follow it until it waits for approval',
    )
    .argument('<model>', 'name of the model')
    .addOption(asOfOption('end of the comparison window (default: the newest labelled row time)'))
    .addOption(futureOption())
    .addOption(byOption('who requests the retrain; the same person may not approve the version'))
    .option('--no-wait', 'send the request and return')
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  tidegate retrain churn --as-of 2024-02-29')
    .action((model: string, { asOf, future, by: requestedBy, wait, json }: Options) =>
      withServices(config(), async (services) => {
        refuseFuture({ '--as-of': asOf }, future);
        await getDefinition(services.database, model);
        const retrainId = `${model}/manual-${new Date().toISOString()}`;
        await requestRetrain(services, {
          retrainId,
          model,
          reportId: null,
          asOf: asOf?.toISOString() ?? null,
          trigger: 'by hand',
          requestedBy,
        });
        if (!wait)
          return json ? output.json({ model, retrainId }) : output.line(`requested retrain ${retrainId}`);
        const say = (text: string): void => output.progress(text);
        say(`retraining ${model}: ${retrainId}`);
        const followed = await followToApproval(services, model, retrainId, say);
        if (followed.isJudgementFailed) process.exitCode = EXIT_FAILED;
        return json ? output.json({ model, ...followedJson(followed) }) : printFollowed(output, followed);
      }),
    );
}
