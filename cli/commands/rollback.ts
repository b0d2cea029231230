// tidegate rollback: puts an earlier version back into Production.
import { type Command } from 'commander';
import { getDefinition } from '../../store/definitions/definitions.ts';
import {
  type RollbackInput,
  type RollbackResult,
  searchAttributes,
  workflowIds,
  workflowTypes,
} from '../../workflows/protocol/messages.ts';
import { byOption, type CommandContext, jsonOption, parseNumber, parseReason } from '../shared/arguments.ts';
import { withServices } from '../shared/connections.ts';
import { followRun, isRunning } from '../runs/follow-run.ts';

interface Options {
  readonly to?: number;
  readonly by: string;
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
    .addHelpText(
      'after',
      '\nExample:\n  tidegate rollback churn --to 1 --by grace --reason "complaints since noon"',
    )
    .action((model: string, { to, by, reason, json }: Options) =>
      withServices(config(), async ({ client, database, taskQueue }) => {
        await getDefinition(database, model);
        const input: RollbackInput = {
          model,
          requestedBy: by,
          reason,
          ...(to !== undefined && { toVersion: to }),
        };
        const run = await client.workflow.start(workflowTypes.rollback, {
          workflowId: workflowIds.rollback(model),
          taskQueue,
          args: [input],
          typedSearchAttributes: [{ key: searchAttributes.model, value: model }],
          staticSummary: `Roll ${model} back, requested by ${by}`,
        });
        const result = await followRun({
          client,
          run,
          look: async () => ((await isRunning(run)) ? undefined : ((await run.result()) as RollbackResult)),
          step: () => Promise.resolve(`rolling ${model} back`),
          say: (text) => output.progress(text),
        });
        return json ? output.json({ model, ...result }) : output.line(result.summary);
      }),
    );
}
