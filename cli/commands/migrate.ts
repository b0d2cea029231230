// tidegate migrate: brings a database up to the schema of this release, and makes its roles.
import { type Command } from 'commander';
import { openDatabase } from '../../store/postgres/database.ts';
import { findMissingRoles, makeLogins } from '../../store/postgres/roles.ts';
import { type CommandContext, jsonOption } from '../shared/arguments.ts';
import { type Config } from '../shared/config.ts';
import { findDatabaseUrl } from '../shared/endpoints.ts';
import { migrateAll } from '../shared/connections.ts';

interface Options {
  readonly example?: boolean;
  readonly printRoles?: boolean;
  readonly logins?: boolean;
  readonly json?: boolean;
}

/** Adds `tidegate migrate`. */
export function addMigrate(program: Command, { config, output }: CommandContext): void {
  program
    .command('migrate')
    .description(
      "bring the database up to this release's schema and make its roles; running it again does nothing",
    )
    .option('--example', "also create the worked example's source tables")
    .option(
      '--logins',
      'also make the logins that TIDEGATE_API_DATABASE_URL and TIDEGATE_WORKER_DATABASE_URL name',
    )
    .option('--print-roles', 'change nothing; print the statements that make the roles, for an administrator')
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  DATABASE_URL=postgres://localhost/tidegate tidegate migrate')
    .action(async ({ example = false, printRoles = false, logins = false, json }: Options) => {
      const settings = config();
      const url = await findDatabaseUrl(settings);
      if (printRoles) {
        const statements = await missingStatements(url, settings);
        if (json) return output.json({ statements });
        return output.line(
          statements.map((statement) => `${statement};`).join('\n') || '-- nothing is missing',
        );
      }
      const { ran, roles } = await migrateAll(url, { example, rolePrefix: settings.databaseRoles });
      if (logins) await makeProcessLogins(url, settings);
      if (json) return output.json({ ran, missingRoles: roles.missing });
      output.line(ran.length === 0 ? 'the schema is up to date' : `ran ${ran.join(', ')}`);
      if (roles.missing.length > 0) {
        output.line('the database roles are incomplete, because this login may not make them:');
        output.line('`tidegate migrate --print-roles` prints the statements for an administrator');
      }
    });
}

async function missingStatements(url: string, { databaseRoles }: Config): Promise<string[]> {
  const database = openDatabase(url, { max: 1, applicationName: 'tidegate-migrate' });
  try {
    const { byAdmin, byOwner } = await findMissingRoles(database, databaseRoles);
    return [...byAdmin, ...byOwner];
  } finally {
    await database.close();
  }
}

async function makeProcessLogins(url: string, { databaseRoles, processDatabaseUrls }: Config): Promise<void> {
  const { api, worker } = processDatabaseUrls;
  const database = openDatabase(url, { max: 1, applicationName: 'tidegate-migrate' });
  try {
    await makeLogins(database, { ...(api && { api }), ...(worker && { worker }) }, databaseRoles);
  } finally {
    await database.close();
  }
}
