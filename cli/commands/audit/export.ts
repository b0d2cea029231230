// tidegate audit export: a chain of the audit log as lines of JSON.
import { type Command } from 'commander';
import { type CommandContext } from '../../shared/arguments.ts';
import { withDatabase } from '../../shared/connections.ts';
import { getDefinition } from '../../../store/definitions/definitions.ts';
import { exportChain, newestCheckpoint } from '../../../store/audit/export-chain.ts';

/** Adds `tidegate audit export [model]`. */
export function addAuditExport(audit: Command, { config, output }: CommandContext): void {
  audit
    .command('export')
    .description(
      'write the events of a model as lines of JSON that can be verified without this installation',
    )
    .argument('[model]', 'name of the model (default: what is about no single model, such as keys and roles)')
    .addHelpText(
      'after',
      '\nThe last line is the newest signed checkpoint. docs/audit.md says how the hashes are computed.' +
        '\n\nExample:\n  tidegate audit export churn > churn.jsonl',
    )
    .action((model: string | undefined) =>
      withDatabase(config(), async (database) => {
        if (model !== undefined) await getDefinition(database, model);
        // Read first: the checkpoint may not say more than the events that follow.
        const checkpoint = await newestCheckpoint(database);
        for await (const event of exportChain(database, model ?? '')) output.line(JSON.stringify(event));
        if (checkpoint) output.line(JSON.stringify({ checkpoint }));
      }),
    );
}
