// tidegate start: runs everything on this machine until Ctrl-C.
import { type Command } from 'commander';
import { askApi, type SignInLink } from '../../shared/ask-api.ts';
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
    .option(
      '--with-python',
      'also start a worker for gradient-boosted trees; needs `tidegate trees install` first',
    )
    .addHelpText('after', '\nExample:\n  tidegate start --data .tidegate')
    .action(async ({ withPython = false }: { readonly withPython?: boolean }) => {
      const settings = config();
      if (withPython) await requirePython(settings.dataDir);
      const say = (text: string): void => output.line(`  ${text}`);
      output.heading(`Starting Tidegate on ${settings.dataDir}`);
      await runUntilStopped(async (run) => {
        const servers = await startServers(run, { config: settings, say, withPython });
        for (const line of serverLines(servers, settings)) output.line(line);
        const link = await signInLink(servers, settings);
        if (link !== undefined) output.line(`Sign in      ${link} (once, within ten minutes)`);
        output.line('\nCtrl-C stops everything; the data stays.');
      }, say);
    });
}

/** A link that signs the person at this machine in on a browser; undefined if nobody needs to sign in. */
async function signInLink({ api }: Servers, { auth }: Config): Promise<string | undefined> {
  if (auth === 'off' || api.key === undefined) return undefined;
  return (await askApi<SignInLink>(api, 'POST', ['sign-in-links'])).url;
}

/**
 * The addresses of everything. The password of the embedded Postgres is shown, because it is needed to connect and only
 * this machine can reach that server. The password of another Postgres is hidden.
 */
export function serverLines(
  { api, uiUrl, databaseUrl, temporal, logs }: Servers,
  { databaseUrl: given }: Pick<Config, 'databaseUrl'>,
): string[] {
  return [
    '',
    `API          ${api.url}`,
    `API docs     ${api.url}/ui/docs`,
    `Temporal     ${uiUrl ?? temporal.connectionOptions.address}`,
    `Postgres     ${given === undefined ? databaseUrl : withoutPassword(databaseUrl)}`,
    `Logs         ${logs}`,
  ];
}
