// Kills the worker at ten moments of a retrain and release, one after the other, and prints the final state each time.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { generateMonth } from '../cli/commands/demo/streamflow/generate-month.ts';
import { freePort } from '../cli/local/processes/free-port.ts';
import { startPostgres } from '../cli/local/postgres.ts';
import { startTemporal } from '../cli/local/temporal.ts';
import { searchAttributeKinds } from '../worker/search-attributes.ts';
import { exampleMigrations } from '../migrations/example/index.ts';
import { tidegateMigrations } from '../migrations/tidegate/index.ts';
import { openDatabase } from '../store/postgres/database.ts';
import { importFolder } from '../store/import/import-files.ts';
import { migrate } from '../store/postgres/migrate.ts';
import { KILL_MOMENTS, surviveKill } from '../test/helpers/killed-worker.ts';

const AS_OF = '2026-08-31T00:00:00Z';
const folder = await mkdtemp(join(tmpdir(), 'tidegate-chaos-'));
const log = (): undefined => undefined;
const [postgres, temporal] = await Promise.all([
  startPostgres({ dataDir: join(folder, 'postgres'), port: await freePort(), database: 'chaos', log }),
  startTemporal({
    dataDir: join(folder, 'temporal'),
    port: await freePort(),
    searchAttributes: searchAttributeKinds,
    log,
  }),
]);
const database = openDatabase(postgres.url);
const connection = await Connection.connect({ address: temporal.address });
let failures = 0;
try {
  await migrate(database, tidegateMigrations);
  await migrate(database, exampleMigrations);
  const month = join(folder, 'month');
  await generateMonth({ folder: month, seed: 1, month: 0 });
  await importFolder(database.pool, { folder: month, asOf: new Date(AS_OF) });
  const site = {
    database,
    client: new Client({ connection }),
    temporalAddress: temporal.address,
    asOf: AS_OF,
  };
  console.log('killed during          versions  promotions  retrain  release    seconds to the end');
  for (const moment of KILL_MOMENTS) {
    const { versions, promotions, retrains, outcome, seconds } = await surviveKill(site, moment);
    const isWhole =
      versions === 1 && promotions === 1 && retrains.join() === 'staged' && outcome === 'promoted';
    if (!isWhole) failures += 1;
    console.log(
      [
        moment.padEnd(22),
        String(versions).padEnd(9),
        String(promotions).padEnd(11),
        retrains.join().padEnd(8),
        outcome.padEnd(10),
        seconds.toFixed(1),
        isWhole ? '' : '  INCOMPLETE',
      ].join(' '),
    );
  }
} finally {
  await database.close();
  await connection.close();
  await temporal.stop();
  await postgres.stop();
  await rm(folder, { recursive: true, force: true });
}
console.log(
  failures === 0
    ? 'every run was completed, and each version was promoted once'
    : `${failures} runs were incomplete`,
);
process.exitCode = failures === 0 ? 0 : 1;
