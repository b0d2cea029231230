// Creates the folder with Postgres's data, completely or not at all, and checks it before it is used.
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { TidegateError } from '../../domain/errors.ts';
import { type Identity } from './processes/managed-process.ts';
import { type PostgresBinaries } from './postgres-binaries.ts';
import { canReach, giveTo, systemPlace } from './postgres-identity.ts';
import { runCommand } from './processes/run-command.ts';

/** The superuser of an embedded cluster. */
export const POSTGRES_USER = 'tidegate';

const PASSWORD_FILE = 'tidegate-password';

/** How {@link prepareCluster} works. */
export interface PrepareClusterOptions {
  readonly cluster: string;
  readonly binaries: PostgresBinaries;
  readonly identity: Identity | undefined;
  /** Whether a new cluster is flushed to disk. */
  readonly durable: boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The cluster folder of a data folder: `<dataDir>/cluster`, or a folder in /var/lib/tidegate if the user that Postgres runs
 * as cannot reach root's data folder.
 */
export const clusterFolder = async (dataDir: string, identity: Identity | undefined): Promise<string> =>
  join((await canReach(dataDir, identity)) ? dataDir : systemPlace(dataDir), 'cluster');

const exists = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => undefined)) !== undefined;

/** Creates a cluster under another name and renames it at the end, so that a killed initdb leaves no half cluster. */
const createCluster = async (options: PrepareClusterOptions): Promise<void> => {
  const { cluster, binaries, identity, durable, signal } = options;
  const draft = `${cluster}.initialising`;
  const password = `${cluster}.password`;
  await rm(draft, { recursive: true, force: true });
  await rm(password, { force: true });
  await mkdir(dirname(draft), { recursive: true, mode: 0o755 });
  await mkdir(draft, { mode: 0o700 });
  await giveTo(draft, identity);
  await writeFile(password, randomBytes(24).toString('base64url'), { mode: 0o600 });
  await giveTo(password, identity);
  await runCommand(
    binaries.initdb,
    [
      `--pgdata=${draft}`,
      `--username=${POSTGRES_USER}`,
      `--pwfile=${password}`,
      '--auth=scram-sha-256',
      // Use the collation that is built into Postgres: it sorts the same on every machine.
      '--encoding=UTF8',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--locale=C',
      ...(durable ? [] : ['--no-sync']),
    ],
    { identity, signal, timeout: 120_000, cwd: '/' },
  );
  await rename(password, join(draft, PASSWORD_FILE));
  await rename(draft, cluster);
};

const requireUsable = async (cluster: string, major: string): Promise<void> => {
  const broken = (problem: string, remedy?: string) =>
    new TidegateError('DATA_FOLDER_BROKEN', `${cluster} ${problem}`, remedy === undefined ? {} : { remedy });
  const version = await readFile(join(cluster, 'PG_VERSION'), 'utf8').catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'EACCES')
        throw broken('belongs to another user', 'Run as the user who created the folder.');
      throw broken('has no Postgres data (PG_VERSION is missing)');
    },
  );
  if (version.trim() !== major) {
    throw broken(
      `has data of Postgres ${version.trim()}, but this release comes with Postgres ${major}`,
      'Dump the data with the release that wrote it and restore it into a new folder, or erase it.',
    );
  }
  for (const part of ['global/pg_control', 'pg_wal', PASSWORD_FILE]) {
    if (!(await exists(join(cluster, part)))) throw broken(`is incomplete (${part} is missing)`);
  }
};

/**
 * Creates the cluster if there is none; then checks that it is complete and has our major version.
 *
 * @returns the superuser's password
 * @throws TidegateError DATA_FOLDER_BROKEN if the folder cannot be used, with the reason
 */
export const prepareCluster = async (options: PrepareClusterOptions): Promise<string> => {
  const { cluster, binaries } = options;
  if (!(await exists(cluster))) await createCluster(options);
  await requireUsable(cluster, binaries.major);
  return (await readFile(join(cluster, PASSWORD_FILE), 'utf8')).trim();
};
