// tidegate features describe: shows how the features of a model are declared.
import { type Command } from 'commander';
import { describeDefinition } from '../../../domain/decisions/describe/describe-definition.ts';
import { getDefinition } from '../../../store/definitions/definitions.ts';
import { findSharedViews } from '../../../store/registry/shared-views.ts';
import { type CommandContext, definitionOption, jsonOption } from '../../shared/arguments.ts';
import { withDatabase } from '../../shared/connections.ts';
import { printDefinition } from '../../output/definition-tables.ts';

interface Options {
  readonly definition?: number;
  readonly json?: boolean;
}

/** Adds `tidegate features describe <model>`. */
export function addDescribe(features: Command, { config, output }: CommandContext): void {
  features
    .command('describe')
    .description(
      'show views and derived columns: tables, times, types, contracts, drift, and which models share a view',
    )
    .argument('<model>', 'name of the model')
    .addOption(definitionOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  tidegate features describe churn')
    .action((model: string, options: Options) =>
      withDatabase(config(), async (database) => {
        const stored = await getDefinition(database, model, options.definition);
        const { definition, version: definitionVersion, appliedBy, appliedAt } = stored;
        const sharedViews = await findSharedViews(database, definition);
        const described = {
          model,
          definitionVersion,
          appliedBy,
          appliedAt,
          ...describeDefinition(definition),
          sharedViews,
        };
        return options.json ? output.json(described) : printDefinition(output, described);
      }),
    );
}
