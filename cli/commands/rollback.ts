// tidegate rollback: puts an earlier version back into Production.
import { type Command } from 'commander';
import { type RollbackResult } from '../../workflows/protocol/messages.ts';
import {
  byOption,
  claimedBy,
  type CommandContext,
  jsonOption,
  parseNumber,
  parseReason,
} from '../shared/arguments.ts';
import { askApi, follow } from '../shared/ask-api.ts';
import { findApi } from '../shared/endpoints.ts';

interface Options {
  readonly to?: number;
  readonly by?: string;
  readonly reason: string;
  readonly json?: boolean;
}

/** Adds `tidegate rollback <model>`. */
export function addRollback(program: Command, { config, output }: CommandContext): void {
  program
    .command('rollback')
    .description('put an earlier version back into Production')
    .argument('<model>', 'name of the model')
    .option('--to <version>', 'the version (default: the previous one in Production)', parseNumber)
    .addOption(byOption('who requests the rollback'))
    .requiredOption(
      '--reason <text>',
      'reason for the rollback; recorded in the history of the version',
      parseReason,
    )
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  tidegate rollback churn --to 1 --reason "complaints since noon"')
    .action(async (model: string, { to, by, reason, json }: Options) => {
      const api = await findApi(config());
      const started = await askApi<Partial<RollbackResult>>(api, 'POST', ['models', model, 'rollback'], {
        reason,
        ...(to !== undefined && { toVersion: to }),
        ...claimedBy(by),
      });
      const say = (text: string): void => output.progress(text);
      // Without Temporal, the API has rolled back already.
      const { summary } = started;
      if (summary !== undefined) return json ? output.json({ model, ...started }) : output.line(summary);
      const result = await follow<RollbackResult>(api, model, { run: 'rollback' }, { say });
      return json ? output.json({ model, ...result }) : output.line(result.summary);
    });
}
