// tidegate start: everything on this machine, until Ctrl-C.
import { type Command } from 'commander';
import { type CommandContext } from '../../shared/arguments.ts';
import { type Config } from '../../shared/config.ts';
import { withoutPassword } from '../../shared/endpoints.ts';
import { runUntilStopped } from '../../local/processes/run-until-stopped.ts';
import { requirePython } from '../../local/install-python.ts';
import { type Servers, startServers } from './start-servers.ts';

/** Adds `tidegate start`. */
export function addStart(program: Command, { config, output }: CommandContext): void {
  program
    .command('start')
    .description(
      'start Postgres and Temporal (unless DATABASE_URL and TEMPORAL_ADDRESS name others), a worker and the API, until Ctrl-C',
    )
    .option('--with-python', 'also start a worker for gradient-boosted trees; after `tidegate trees install`')
    .addHelpText('after', '\nExample:\n  tidegate start --data .tidegate')
    .action(async ({ withPython = false }: { readonly withPython?: boolean }) => {
      const settings = config();
      if (withPython) await requirePython(settings.dataDir);
      const say = (text: string): void => output.line(`  ${text}`);
      output.heading(`Tidegate starts on ${settings.dataDir}`);
      await runUntilStopped(async (run) => {
        const servers = await startServers(run, { config: settings, say, withPython });
        for (const line of serverLines(servers, settings)) output.line(line);
        output.line('\nCtrl-C stops everything; the data stays.');
      }, say);
    });
}

/**
 * Where everything is. The password of a Postgres that is started here is shown, since nobody else has one to reach it
 * with, and only this machine can; that of another is not.
 */
export function serverLines(
  { apiUrl, uiUrl, databaseUrl, temporal, logs }: Servers,
  { databaseUrl: given }: Pick<Config, 'databaseUrl'>,
): string[] {
  return [
    '',
    `API          ${apiUrl}`,
    `API docs     ${apiUrl}/docs`,
    `Temporal     ${uiUrl ?? temporal.connectionOptions.address}`,
    `Postgres     ${given === undefined ? databaseUrl : withoutPassword(databaseUrl)}`,
    `Logs         ${logs}`,
  ];
}
