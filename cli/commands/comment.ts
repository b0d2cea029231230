// tidegate comment: comments on a version, beside the request for its approval.
import { type Command } from 'commander';
import { type CommandContext, jsonOption, parseNumber, parseText } from '../shared/arguments.ts';
import { askApi } from '../shared/ask-api.ts';
import { findApi } from '../shared/endpoints.ts';

/** Adds `tidegate comment <model> <version> <text>`. */
export function addComment(program: Command, { config, output }: CommandContext): void {
  program
    .command('comment')
    .description('comment on a version; whoever decides on it sees the comment, which itself decides nothing')
    .argument('<model>', 'name of the model')
    .argument('<version>', 'the version', parseNumber)
    .argument('<text>', 'the comment', parseText)
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  tidegate comment churn 2 "the new fee table explains the drift"')
    .action(async (model: string, version: number, text: string, { json }: { readonly json?: boolean }) => {
      const path = ['models', model, 'versions', String(version), 'comments'];
      const comment = await askApi<{ readonly actor: string; readonly at: string }>(
        await findApi(config()),
        'POST',
        path,
        { text },
      );
      if (json) return output.json(comment);
      output.line(`${comment.actor} commented on version ${version} of ${model} at ${comment.at}`);
    });
}
