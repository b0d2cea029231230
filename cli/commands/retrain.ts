// tidegate retrain: requests a retrain by hand and follows it.
import { type Command } from 'commander';
import {
  asOfOption,
  byOption,
  claimedBy,
  type CommandContext,
  futureOption,
  jsonOption,
} from '../shared/arguments.ts';
import { askApi } from '../shared/ask-api.ts';
import { findApi } from '../shared/endpoints.ts';
import { followedJson, followRetrain, printFollowed } from '../runs/followed.ts';
import { EXIT_FAILED } from '../output/explain-error.ts';

interface Options {
  readonly asOf?: Date;
  readonly future?: true;
  readonly by?: string;
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
    .action(async (model: string, { asOf, future, by, wait, json }: Options) => {
      const api = await findApi(config());
      const { retrainId } = await askApi<{ retrainId: string }>(api, 'POST', ['models', model, 'retrain'], {
        ...(asOf && { asOf }),
        ...(future && { future }),
        ...claimedBy(by),
      });
      if (!wait)
        return json ? output.json({ model, retrainId }) : output.line(`requested retrain ${retrainId}`);
      const say = (text: string): void => output.progress(text);
      say(`retraining ${model}: ${retrainId}`);
      const followed = await followRetrain(config(), api, { model, retrainId }, { say });
      if (followed.isJudgementFailed) process.exitCode = EXIT_FAILED;
      return json ? output.json({ model, ...followedJson(followed) }) : printFollowed(output, followed);
    });
}
