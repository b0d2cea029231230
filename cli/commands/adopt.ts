// tidegate adopt: takes over the schedules and runs of another installation after its database was restored here.
import { type Command, InvalidArgumentError } from 'commander';
import { listModels } from '../../store/definitions/definitions.ts';
import { readInstallation, recordAdoption } from '../../store/registry/installation.ts';
import { claimSchedules } from '../../worker/schedule-owners.ts';
import { recordedByOption, type CommandContext, jsonOption } from '../shared/arguments.ts';
import { withServices } from '../shared/connections.ts';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function parseInstallation(text: string): string {
  if (!UUID.test(text))
    throw new InvalidArgumentError(
      'Write the id of the installation, as the error FOREIGN_INSTALLATION shows it.',
    );
  return text;
}

/** Adds `tidegate adopt <installation>`. */
export function addAdopt(program: Command, { config, output }: CommandContext): void {
  program
    .command('adopt')
    .description(
      'after restoring a backup, take over the schedules and runs of the installation that this database replaces',
    )
    .argument(
      '<installation>',
      'id of that installation, as the error FOREIGN_INSTALLATION shows it',
      parseInstallation,
    )
    .addOption(recordedByOption('who decided this'))
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  tidegate adopt 0b9f6c0e-5f0a-4c39-8a63-0f8f0e0b7c55 --by grace')
    .action((adopted: string, { by, json }: { readonly by: string; readonly json?: boolean }) =>
      withServices(config(), async ({ client, database }) => {
        await recordAdoption(database, adopted, by);
        const installation = await readInstallation(database);
        const schedules: string[] = [];
        for (const model of await listModels(database))
          schedules.push(...(await claimSchedules(client, model, installation)));
        if (json) return output.json({ installation: installation.id, adopted, schedules });
        const also = schedules.length > 0 ? ` and took over the schedules ${schedules.join(', ')}` : '';
        output.line(`this installation, ${installation.id}, replaces ${adopted}${also}`);
      }),
    );
}
