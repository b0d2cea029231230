// tidegate materialize: writes the online rows of a model.
import { type Command } from 'commander';
import { getDefinition } from '../../store/definitions/definitions.ts';
import { materialise } from '../../store/online/materialise.ts';
import { materialisedInWords } from '../../store/online/scope.ts';
import { findVersionIn } from '../../store/versions/versions.ts';
import { asOfOption, jsonOption } from '../arguments.ts';
import { type CommandContext } from '../command-context.ts';
import { withDatabase } from '../connections.ts';

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
        const done = await materialise(database, { source: definition, asOf });
        if (json) return output.json({ model, definitionVersion: definition.version, ...done });
        output.line(`${model}, definition ${definition.version}: ${materialisedInWords(done)}`);
      }),
    );
}
