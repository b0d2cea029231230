// tidegate materialize: writes the online rows of a model.
import { type Command } from 'commander';
import { getDefinition } from '../../store/definitions/definitions.ts';
import { materialise } from '../../store/online/materialise.ts';
import { findVersionIn } from '../../store/versions/versions.ts';
import { asOfOption, jsonOption } from '../arguments.ts';
import { type CommandContext } from '../command-context.ts';
import { withDatabase } from '../connections.ts';
import { day } from '../output/format.ts';

interface Options {
  readonly asOf?: Date;
  readonly json?: boolean;
}

/** Adds `tidegate materialize <model>`. */
export function addMaterialize(program: Command, { config, output }: CommandContext): void {
  program
    .command('materialize')
    .description('write one online row per entity, for the definition that serves')
    .argument('<model>', 'name of the model')
    .addOption(asOfOption('the instant of the rows; now where left out'))
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  tidegate materialize churn --as-of 2024-02-29')
    .action((model: string, { asOf = new Date(), json }: Options) =>
      withDatabase(config(), async (database) => {
        // Before the first version serves, the newest definition is the one that will.
        const production = await findVersionIn(database, model, 'Production');
        const definition = await getDefinition(database, model, production?.definitionVersion);
        const { entities, written } = await materialise(database, definition, asOf);
        if (json)
          return output.json({ model, definitionVersion: definition.version, asOf, entities, written });
        output.line(
          `${model}, definition ${definition.version}: ${written} of ${entities} rows written as of ${day(asOf)}`,
        );
      }),
    );
}
