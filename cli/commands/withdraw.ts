// tidegate withdraw: withdraws a version that waits for a decision.
import { type Command } from 'commander';
import {
  byOption,
  claimedBy,
  type CommandContext,
  jsonOption,
  parseNumber,
  parseReason,
} from '../shared/arguments.ts';
import { askApi } from '../shared/ask-api.ts';
import { findApi } from '../shared/endpoints.ts';

interface Options {
  readonly reason: string;
  readonly by?: string;
  readonly json?: boolean;
}

/** Adds `tidegate withdraw <model> <version>`. */
export function addWithdraw(program: Command, { config, output }: CommandContext): void {
  program
    .command('withdraw')
    .description('withdraw a version that waits for a decision: it is archived, and its release ends')
    .argument('<model>', 'name of the model')
    .argument('<version>', 'the version', parseNumber)
    .requiredOption('--reason <text>', 'why; recorded in the history of the version', parseReason)
    .addOption(byOption('who asks'))
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  tidegate withdraw churn 2 --reason "trained on a wrong fee table"')
    .action(async (model: string, version: number, { reason, by, json }: Options) => {
      const answer = await askApi<{ readonly releaseEnded: boolean }>(
        await findApi(config()),
        'POST',
        ['models', model, 'versions', String(version), 'withdraw'],
        { reason, ...claimedBy(by) },
      );
      if (json) return output.json(answer);
      const release = answer.releaseEnded
        ? 'its release ends'
        : 'Temporal did not answer: withdraw it again later, so that its release ends';
      output.line(`version ${version} of ${model} is withdrawn; ${release}`);
    });
}
