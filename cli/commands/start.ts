// tidegate start: everything on this machine, until Ctrl-C.
import { type Command } from 'commander';
import { type CommandContext } from '../command-context.ts';
import { runUntilStopped } from '../embedded/run-until-stopped.ts';
import { type Output } from '../output/output.ts';
import { requirePython } from '../trees/install-python.ts';
import { type Servers, startServers } from '../start-servers.ts';

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
        printServers(output, await startServers(run, { config: settings, say, withPython }));
        output.line('\nCtrl-C stops everything; the data stays.');
      }, say);
    });
}

/** Prints where everything is. */
function printServers(output: Output, { apiUrl, uiUrl, databaseUrl, temporal, logs }: Servers): void {
  output.line();
  output.line(`API          ${apiUrl}`);
  output.line(`API docs     ${apiUrl}/docs`);
  output.line(`Temporal     ${uiUrl ?? temporal.connectionOptions.address}`);
  output.line(`Postgres     ${databaseUrl}`);
  output.line(`Logs         ${logs}`);
}
