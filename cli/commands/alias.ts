// tidegate alias: points a name to a version.
import { type Command } from 'commander';
import { type CommandContext, jsonOption, parseNumber } from '../shared/arguments.ts';
import { askApi } from '../shared/ask-api.ts';
import { findApi } from '../shared/endpoints.ts';

/** Adds `tidegate alias <model> <alias> [version]`. */
export function addAlias(program: Command, { config, output }: CommandContext): void {
  program
    .command('alias')
    .description('point an alias to a version, or remove it; champion and challenger follow the stages')
    .argument('<model>', 'name of the model')
    .argument('<alias>', 'the alias')
    .argument('[version]', 'the version; without it, the alias is removed', parseNumber)
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  tidegate alias churn shadow 2')
    .action(
      async (
        model: string,
        alias: string,
        version: number | undefined,
        { json }: { readonly json?: boolean },
      ) => {
        const body = { alias, version: version ?? null };
        const { aliases } = await askApi<{ readonly aliases: Readonly<Record<string, number>> }>(
          await findApi(config()),
          'POST',
          ['models', model, 'aliases'],
          body,
        );
        if (json) return output.json({ model, aliases });
        output.table({
          head: ['alias', 'version'],
          rows: Object.entries(aliases).map(([name, of]) => [name, `v${of}`]),
        });
      },
    );
}
