// The demo: the whole story on real servers, from the first month to the second version in Production.
import { relative } from 'node:path';
import { type Config } from '../../shared/config.ts';
import { withServicesAt } from '../../shared/connections.ts';
import { addressOfApi } from '../../shared/endpoints.ts';
import { freePort } from '../../local/processes/free-port.ts';
import { type Run, runUntilStopped } from '../../local/processes/run-until-stopped.ts';
import { type Output } from '../../output/output.ts';
import { type Servers, startServers } from '../start/start-servers.ts';
import { demoFolder, takeDemoFolder, writeMonth } from './months.ts';
import { type Places, tellEnding } from './ending.ts';
import { type Scene, Story } from './story.ts';
import { twoMonths } from './two-months.ts';

/** How to tell the story. */
export interface DemoOptions {
  readonly config: Config;
  readonly output: Output;
  /** Whether the servers stay up at the end, until Ctrl-C. */
  readonly keep: boolean;
  /** Whether `--data` names the demo's folder; otherwise it is `demo` in the data folder. */
  readonly isFolderNamed: boolean;
}

/**
 * Erases the demo's folder, starts everything on free ports and tells the story. Whatever fails, everything is stopped.
 *
 * @returns whether the story was told to its end, and not ended by Ctrl-C
 * @throws whatever the story failed with
 */
export async function runDemo(options: DemoOptions): Promise<boolean> {
  const { output, keep, isFolderNamed } = options;
  const folder = folderOf(options);
  const comeBack = `npx tidegate start --data ${relative('.', folder)}`;
  const quiet = (): void => undefined;
  await takeDemoFolder(folder, isFolderNamed);
  const story = new Story({ output, steps: 9 });
  let isTold = false;
  await runUntilStopped(async (run) => {
    await Promise.race([tell(story, run, options), untilAborted(run.signal)]);
    isTold = true;
    output.line();
    output.line(`Told in ${story.seconds.toFixed(1)} s.`);
    if (keep) output.line('Everything stays up to look around: Ctrl-C stops it.');
    else run.end();
  }, quiet);
  output.line(isTold ? `Stopped. To look around, come back with: ${comeBack}` : 'Stopped before the end.');
  return isTold;
}

const folderOf = ({ config, isFolderNamed }: DemoOptions): string =>
  isFolderNamed ? config.dataDir : demoFolder(config.dataDir);

const untilAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));

/** The demo never touches servers that settings name, and finds its own ports beside whatever else runs. */
async function ownServers(config: Config, dataDir: string): Promise<Config> {
  const ports = new Set<number>();
  while (ports.size < 4) ports.add(await freePort());
  const [postgres, temporal, temporalUi, api] = [...ports] as [number, number, number, number];
  return {
    ...config,
    dataDir,
    databaseUrl: undefined,
    temporal: undefined,
    ports: { postgres, temporal, temporalUi },
    api: { host: '127.0.0.1', port: api, url: undefined },
  };
}

async function tell(story: Story, run: Run, options: DemoOptions): Promise<void> {
  const { config, output, keep } = options;
  const folder = folderOf(options);
  const own = await ownServers(config, folder);
  const servers = await story.step('Postgres, Temporal, a worker and the API start', async (note) => {
    const [started] = await Promise.all([
      startServers(run, { config: own, say: note }),
      writeMonth(folder, 0),
      writeMonth(folder, 1),
    ]);
    return started;
  });
  await withServicesAt(servers, config.taskQueue, async (services) => {
    // Whatever the story waits for ends with it: a closed connection answers at once, a stopped server not for long.
    run.signal.addEventListener('abort', () => void services.client.connection.close());
    const scene: Scene = { services, servers, folder, note: story.note };
    const ending = await twoMonths(story, scene);
    await tellEnding(output, scene, ending, keep ? placesNow(servers, folder) : placesLater(config, folder));
  });
}

const placesNow = ({ uiUrl, apiUrl }: Servers, folder: string): Places => ({
  uiUrl,
  apiUrl,
  folder: relative('.', folder),
});

/** Where everything will be when `tidegate start` brings the demo's data back. */
const placesLater = (config: Config, folder: string): Places => ({
  uiUrl: `http://127.0.0.1:${config.ports.temporalUi}`,
  apiUrl: addressOfApi(config),
  folder: relative('.', folder),
});
