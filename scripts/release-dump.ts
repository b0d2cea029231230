// Writes the database dump of a release, which all later releases must be able to upgrade, and records the hashes of its
// migrations: `npm run release:dump`.
import { createHash } from 'node:crypto';
import { access, chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { format } from 'prettier';
import { eraseData } from '../cli/local/erase-data.ts';
import { freePort } from '../cli/local/processes/free-port.ts';
import { startPostgres } from '../cli/local/postgres.ts';
import { tidegateMigrations } from '../migrations/tidegate/index.ts';
import { openDatabase } from '../store/postgres/database.ts';
import { dumpDatabase, migrateAndRecord } from './dump-database.ts';
import { makeReleaseWorld, WORLD } from './release-world.ts';

const RELEASES = new URL('../test/fixtures/releases/', import.meta.url);
const MIGRATIONS = new URL('../migrations/tidegate/', import.meta.url);

async function versionOf(): Promise<string> {
  const { version } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return version;
}

/** Records name and hash of every migration. From then on none of them may change, and none may be inserted before them. */
async function recordMigrations(): Promise<void> {
  const released = await Promise.all(
    Object.keys(tidegateMigrations.migrations).map(async (name) => ({
      name,
      sha256: createHash('sha256')
        .update(await readFile(new URL(`${name}.ts`, MIGRATIONS)))
        .digest('hex'),
    })),
  );
  await writeFile(
    new URL('migrations.json', RELEASES),
    await format(JSON.stringify(released), { parser: 'json', printWidth: 110 }),
  );
}

async function dump(title: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tidegate-release-'));
  // If we are root, Postgres runs as another user and must be able to enter the folder.
  await chmod(folder, 0o711);
  const server = await startPostgres({
    dataDir: join(folder, 'postgres'),
    port: await freePort(),
    database: 'release',
    durable: false,
    log: () => undefined,
  });
  const database = openDatabase(server.url);
  try {
    const statements = await migrateAndRecord(database, tidegateMigrations);
    await makeReleaseWorld(database);
    return await dumpDatabase(database, { title, statements, sources: WORLD });
  } finally {
    await database.close();
    await server.stop();
    await eraseData(folder, () => undefined);
    await rm(folder, { recursive: true, force: true });
  }
}

const name = process.argv[2] ?? (await versionOf());
const file = new URL(`${name}.sql`, RELEASES);
const exists = await access(file).then(
  () => true,
  () => false,
);
if (exists) {
  console.error(
    `there is already a dump of release ${name}, and dumps never change; raise the version in package.json first`,
  );
  process.exitCode = 1;
} else {
  const text = await dump(`Tidegate ${name}`);
  await writeFile(file, text);
  await recordMigrations();
  console.log(
    `wrote ${name}.sql (${Math.round(text.length / 1_000)} kB) and migrations.json into test/fixtures/releases`,
  );
}
