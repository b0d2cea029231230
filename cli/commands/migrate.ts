// tidegate migrate: brings a database up to the schema of this release.
import { type Command } from 'commander';
import { type CommandContext, jsonOption } from '../shared/arguments.ts';
import { findDatabaseUrl } from '../shared/endpoints.ts';
import { migrateAll } from '../shared/connections.ts';

interface Options {
  readonly example?: boolean;
  readonly json?: boolean;
}

/** Adds `tidegate migrate`. */
export function addMigrate(program: Command, { config, output }: CommandContext): void {
  program
    .command('migrate')
    .description("bring the database up to this release's schema; running it again does nothing")
    .option('--example', "also create the worked example's source tables")
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  DATABASE_URL=postgres://localhost/tidegate tidegate migrate')
    .action(async ({ example = false, json }: Options) => {
      const ran = await migrateAll(await findDatabaseUrl(config()), { example });
      if (json) return output.json({ ran });
      output.line(ran.length === 0 ? 'the schema is up to date' : `ran ${ran.join(', ')}`);
    });
}
