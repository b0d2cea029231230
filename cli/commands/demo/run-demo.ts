// The demo: starts real servers and runs everything from the first month to the second version in Production.
import { join, relative } from 'node:path';
import { type Config } from '../../shared/config.ts';
import { withServicesAt } from '../../shared/connections.ts';
import { addressOfApi } from '../../shared/endpoints.ts';
import { freePort } from '../../local/processes/free-port.ts';
import { type Run, runUntilStopped } from '../../local/processes/run-until-stopped.ts';
import { type Output } from '../../output/output.ts';
import { type Servers, startServers } from '../start/start-servers.ts';
import { demoFolder, takeDemoFolder, writeMonth } from './months.ts';
import { type Places, printEnding } from './ending.ts';
import { makePeople, type Scene, Story } from './story.ts';
import { twoMonths } from './two-months.ts';

/** How to run the demo. */
export interface DemoOptions {
  readonly config: Config;
  readonly output: Output;
  /** Whether the servers keep running at the end, until Ctrl-C. */
  readonly keep: boolean;
  /** Whether `--data` names the demo's folder; otherwise it is `demo` in the data folder. */
  readonly isFolderNamed: boolean;
}

/**
 * Erases the demo's folder, starts everything on free ports and runs the demo. Stops everything again, even on a failure.
 *
 * @returns true if it ran to its end, false if Ctrl-C ended it
 * @throws the error that a step failed with
 */
export async function runDemo(options: DemoOptions): Promise<boolean> {
  const { output, keep, isFolderNamed } = options;
  const folder = folderOf(options);
  const comeBack = `npx tidegate start --data ${relative('.', folder)}`;
  const quiet = (): void => undefined;
  await takeDemoFolder(folder, isFolderNamed);
  const story = new Story({ output, steps: 9 });
  let isComplete = false;
  await runUntilStopped(async (run) => {
    await Promise.race([runStory(story, run, options), untilAborted(run.signal)]);
    isComplete = true;
    output.line();
    output.line(`Finished in ${story.seconds.toFixed(1)} s.`);
    if (keep) output.line('Everything keeps running so that you can look around; Ctrl-C stops it.');
    else run.end();
  }, quiet);
  output.line(
    isComplete ? `Stopped. To look around, start it again: ${comeBack}` : 'Stopped before the end.',
  );
  return isComplete;
}

const folderOf = ({ config, isFolderNamed }: DemoOptions): string =>
  isFolderNamed ? config.dataDir : demoFolder(config.dataDir);

const untilAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));

/** Settings that make the demo start its own servers on free ports, even if the user's settings name other servers. */
async function ownServers(config: Config, dataDir: string): Promise<Config> {
  const ports = new Set<number>();
  while (ports.size < 4) ports.add(await freePort());
  const [postgres, temporal, temporalUi, api] = [...ports] as [number, number, number, number];
  return {
    ...config,
    dataDir,
    databaseUrl: undefined,
    processDatabaseUrls: { api: undefined, worker: undefined },
    databaseRoles: undefined,
    temporal: undefined,
    apiKey: undefined,
    ports: { postgres, temporal, temporalUi },
    api: { host: '127.0.0.1', port: api, url: undefined },
    audit: {
      keyFile: join(dataDir, 'audit', 'key.pem'),
      signCommand: undefined,
      anchorFile: join(dataDir, 'audit', 'anchors.jsonl'),
      anchorUrl: undefined,
      allowPrivate: false,
    },
  };
}

async function runStory(story: Story, run: Run, options: DemoOptions): Promise<void> {
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
    // Closing the connection fails every pending call immediately; a stopped server would let it wait for a while.
    run.signal.addEventListener('abort', () => void services.client.connection.close());
    const people = await makePeople(servers.api);
    const scene: Scene = { services, servers, people, folder, note: story.note };
    const ending = await twoMonths(story, scene);
    await printEnding(output, scene, ending, keep ? placesNow(servers, folder) : placesLater(config, folder));
  });
}

const placesNow = ({ uiUrl, api }: Servers, folder: string): Places => ({
  uiUrl,
  apiUrl: api.url,
  folder: relative('.', folder),
});

/** The addresses that the servers will have if the user runs `tidegate start` on the demo's data folder later. */
const placesLater = (config: Config, folder: string): Places => ({
  uiUrl: `http://127.0.0.1:${config.ports.temporalUi}`,
  apiUrl: addressOfApi(config),
  folder: relative('.', folder),
});
