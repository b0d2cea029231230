// A program that runs embedded Postgres and Temporal and a supervised child until it gets a signal.
import { fileURLToPath } from 'node:url';
import { dataFolders } from '../../cli/local/erase-data.ts';
import { startPostgres } from '../../cli/local/postgres.ts';
import { runUntilStopped } from '../../cli/local/processes/run-until-stopped.ts';
import { supervise } from '../../cli/local/processes/supervise.ts';
import { startTemporal } from '../../cli/local/temporal.ts';

const [dataDir = '', postgresPort, temporalPort] = process.argv.slice(2);
const folders = dataFolders(dataDir);
const log = (line: string) => process.stdout.write(`${line}\n`);

await runUntilStopped(async (run) => {
  const { signal } = run;
  const port = Number(postgresPort);
  await Promise.all([
    run.part(
      'Postgres',
      startPostgres({ dataDir: folders.postgres, port, database: 'tidegate', log, signal }),
    ),
    run.part(
      'Temporal',
      startTemporal({
        dataDir: folders.temporal,
        port: Number(temporalPort),
        searchAttributes: {},
        log,
        signal,
      }),
    ),
  ]);
  const script = fileURLToPath(new URL('supervised-child.mjs', import.meta.url));
  await run.part('child', supervise({ name: 'child', script, args: ['', dataDir], log, signal }));
  log('everything is up');
}, log);
log('everything has stopped');
